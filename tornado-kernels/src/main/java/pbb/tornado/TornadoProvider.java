package pbb.tornado;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.BackendProvider;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.DeviceStatus.Kind;
import pbb.engine.backend.DeviceStatus.Refusal;
import pbb.engine.backend.Support;
import pbb.engine.graph.Op;

/**
 * Offers the devices that TornadoVM finds. This class uses none of TornadoVM's, which may be
 * missing, and which read their settings when they are loaded: those of {@link Devices} come into
 * play only when all is as it must be.
 */
public final class TornadoProvider implements BackendProvider {

  static final String NAME = "tornado";

  private final Function<Op, Support> policy;

  /** A provider that refuses no op that it has a kernel for. */
  public TornadoProvider() {
    this(_ -> new Support.Supported());
  }

  /** A provider that refuses some ops. */
  TornadoProvider(Function<Op, Support> policy) {
    this.policy = policy;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<DeviceStatus> devices() {
    Optional<Refusal> refusal = Installation.refusal();
    if (refusal.isPresent()) {
      return List.of(nothing(refusal.get()));
    }
    return Devices.statuses();
  }

  /** What stands in the place of devices where there are none. */
  static DeviceStatus nothing(Refusal refusal) {
    return new DeviceStatus(NAME, "opencl:0", "no device", Kind.ON_REQUEST, Optional.of(refusal));
  }

  @Override
  public Backend open(BackendOptions options) {
    List<DeviceStatus> devices = devices();
    DeviceStatus status =
        devices.stream()
            .filter(device -> device.id().equals(options.device()))
            .findFirst()
            .orElseThrow(
                () ->
                    new BackendUnavailableException(
                        "backend tornado has no device "
                            + options.device()
                            + ": use one of "
                            + String.join(", ", devices.stream().map(DeviceStatus::id).toList())));
    status
        .refusal()
        .ifPresent(
            refusal -> {
              throw new BackendUnavailableException(refusal.reason() + ": " + refusal.remedy());
            });
    return Devices.open(status, options.threads(), policy);
  }
}
