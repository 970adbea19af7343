package pbb.engine.backend;

import java.util.Optional;

/**
 * A device as a provider sees it.
 *
 * @param backend the provider's name
 * @param id the device's name on the command line, such as {@code cpu} or {@code opencl:0}
 * @param description what it is, for people: processor, vector width, driver
 * @param kind what {@code --backend auto} ranks it by
 * @param refusal why it cannot be used; empty if it can
 * @param version what computes on it, down to the driver and the kernels: a self-test that was
 *     passed need not be repeated until this changes; empty where it is to be repeated each time
 */
public record DeviceStatus(
    String backend,
    String id,
    String description,
    Kind kind,
    Optional<Refusal> refusal,
    Optional<String> version) {

  /** A device whose self-test is not to be remembered. */
  public DeviceStatus(
      String backend, String id, String description, Kind kind, Optional<Refusal> refusal) {
    this(backend, id, description, kind, refusal, Optional.empty());
  }

  /** Kinds of device, the preferred one first. */
  public enum Kind {
    /** A graphics processor. */
    GPU,
    /** This process's processor, through the Vector API. */
    VECTOR_CPU,
    /** This process's processor, with plain loops. */
    SCALAR_CPU,
    /**
     * A processor reached through a device interface such as OpenCL: only if it or its backend is
     * named.
     */
    ON_REQUEST
  }

  /**
   * Why a device cannot be used.
   *
   * @param reason what is wrong
   * @param remedy what to do, as exactly as it can be said
   */
  public record Refusal(String reason, String remedy) {}

  /** Whether the device can be opened. */
  public boolean usable() {
    return refusal.isEmpty();
  }
}
