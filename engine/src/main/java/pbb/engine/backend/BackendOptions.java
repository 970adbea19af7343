package pbb.engine.backend;

/**
 * How a backend is opened.
 *
 * @param device the device's id, as {@link DeviceStatus#id()} gives it
 * @param threads how many threads of the host may compute, at least 1; never changes a result
 */
public record BackendOptions(String device, int threads) {

  /** Checks the number of threads. */
  public BackendOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not " + threads);
    }
  }
}
