package pbb.engine.backend;

/**
 * Bytes that an executable has moved between the host and a device's own memory since it was made.
 *
 * @param toDevice bytes that were copied to the device
 * @param toHost bytes that were copied back
 */
public record Transfers(long toDevice, long toHost) {

  /** Nothing was moved. */
  public static final Transfers NONE = new Transfers(0, 0);
}
