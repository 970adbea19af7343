package pbb.bench;

import java.util.List;
import java.util.ServiceLoader;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.BackendProvider;
import pbb.engine.backend.DeviceStatus;

/** A device of a backend, to be measured. */
record Device(BackendProvider provider, DeviceStatus status) {

  /** Every device of every backend, usable or not. */
  static List<Device> all() {
    return ServiceLoader.load(BackendProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .flatMap(
            provider -> provider.devices().stream().map(status -> new Device(provider, status)))
        .toList();
  }

  /** The first usable device of the backend of this name. */
  static Device named(String backend) {
    return all().stream()
        .filter(device -> device.status.backend().equals(backend) && device.status.usable())
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("no usable device of backend " + backend + " here"));
  }

  Backend open(int threads) {
    return provider.open(new BackendOptions(status.id(), threads));
  }
}
