package pbb.engine.backend;

import java.util.ServiceLoader;
import java.util.stream.Stream;

/** A backend and device of this machine, for tests that hold on each. */
public record UsableBackend(BackendProvider provider, DeviceStatus device) {

  /** Every device that can be opened; for {@code @MethodSource}. */
  public static Stream<UsableBackend> all() {
    return ServiceLoader.load(BackendProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .flatMap(
            provider ->
                provider.devices().stream()
                    .filter(DeviceStatus::usable)
                    .map(device -> new UsableBackend(provider, device)));
  }

  /** Those of them that compute with more than one thread, or may. */
  public static Stream<UsableBackend> parallel() {
    return all().filter(backend -> backend.device().kind() != DeviceStatus.Kind.SCALAR_CPU);
  }

  /** Opens the device with two threads. */
  public Backend open() {
    return open(2);
  }

  /** Opens the device with this many threads. */
  public Backend open(int threads) {
    return provider.open(new BackendOptions(device.id(), threads));
  }

  @Override
  public String toString() {
    return device.backend() + " " + device.id();
  }
}
