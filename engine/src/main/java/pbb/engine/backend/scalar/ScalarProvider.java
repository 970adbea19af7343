package pbb.engine.backend.scalar;

import java.util.List;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.BackendProvider;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.DeviceStatus;

/** Offers the scalar backend, which is always there. */
public final class ScalarProvider implements BackendProvider {

  @Override
  public String name() {
    return ScalarBackend.DEVICE.backend();
  }

  @Override
  public List<DeviceStatus> devices() {
    return List.of(ScalarBackend.DEVICE);
  }

  @Override
  public Backend open(BackendOptions options) {
    if (!options.device().equals(ScalarBackend.DEVICE.id())) {
      throw new BackendUnavailableException(
          "backend scalar has no device "
              + options.device()
              + ": use --device "
              + ScalarBackend.DEVICE.id());
    }
    return ScalarBackend.withFloats();
  }
}
