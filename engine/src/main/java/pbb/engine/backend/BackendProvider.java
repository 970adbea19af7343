package pbb.engine.backend;

import java.util.List;

/**
 * A way to execute programs, found by {@link java.util.ServiceLoader}: it lists its devices and
 * opens them. Listing must be cheap, and never throws because a device, a library or a flag is
 * missing: that is what a {@link DeviceStatus} says.
 */
public interface BackendProvider {

  /** The backend's name on the command line, such as {@code vector}. */
  String name();

  /** Every device, usable or not; never empty: where there is none, one refused status says why. */
  List<DeviceStatus> devices();

  /**
   * Opens a device.
   *
   * @throws BackendUnavailableException if it cannot be used; the message says why and what to do
   */
  Backend open(BackendOptions options);
}
