package pbb.engine.selection;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.BackendProvider;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.DeviceStatus.Kind;
import pbb.engine.backend.DeviceStatus.Refusal;
import pbb.engine.conformance.SelfTest;

/**
 * The backends that are there. Rank belongs to the device: a GPU, then the Vector API, then plain
 * loops; a processor behind a device interface is taken only if it or its backend is named. A
 * device must open and pass the self-test; one that was named and does not is an error, never
 * replaced in silence.
 */
public final class Backends {

  /** Stands for the best backend that works. */
  public static final String AUTO = "auto";

  /** Names no device. */
  private static final String ANY_DEVICE = "";

  private final List<BackendProvider> providers;
  private final Function<Backend, Optional<String>> selfTest;

  Backends(List<BackendProvider> providers, Function<Backend, Optional<String>> selfTest) {
    this.providers = List.copyOf(providers);
    this.selfTest = selfTest;
  }

  /** All backends of the modules that are there. */
  public static Backends discover() {
    List<BackendProvider> providers = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class).forEach(providers::add);
    providers.addAll(
        LeftOutProvider.except(
            providers.stream().map(BackendProvider::name).collect(Collectors.toSet()),
            System.getenv()));
    return new Backends(
        providers, new RememberedSelfTest(RememberedSelfTest.userFile(), SelfTest::failure));
  }

  /** Every device of every backend, usable or not, the preferred ones first. */
  public List<DeviceStatus> devices() {
    return candidates(AUTO).map(Candidate::status).toList();
  }

  /**
   * Opens the best device.
   *
   * @param backend a backend's name, or {@link #AUTO}
   * @param device a device's id; empty for the best one
   * @param threads how many threads of the host may compute
   * @throws BackendUnavailableException if what was named does not work, or nothing does; the
   *     message says why, and what to do
   */
  public Selection select(String backend, Optional<String> device, int threads) {
    String wanted = device.orElse(ANY_DEVICE);
    List<Candidate> candidates = named(backend, wanted);
    boolean anything = backend.equals(AUTO) && wanted.isEmpty();
    List<String> report = new ArrayList<>();
    List<Refusal> refusals = new ArrayList<>();
    Optional<Backend> taken = Optional.empty();
    for (Candidate candidate : candidates) {
      String name = candidate.label();
      Optional<Refusal> refused = candidate.status().refusal();
      if (refused.isPresent()) {
        report.add(name + ": " + sentence(refused.get()));
        refusals.add(refused.get());
      } else if (anything && candidate.status().kind() == Kind.ON_REQUEST) {
        report.add(name + ": used only when named, with " + candidate.option());
        refusals.add(
            new Refusal(
                name + " is used only when its device is named", "add " + candidate.option()));
      } else if (taken.isPresent()) {
        report.add(name + ": not needed");
      } else {
        switch (open(candidate, threads)) {
          case Opened(Backend opened) -> {
            taken = Optional.of(opened);
            report.add(name + ": taken (" + candidate.status().description() + ")");
          }
          case Refused(Refusal refusal) -> {
            report.add(name + ": " + sentence(refusal));
            refusals.add(refusal);
          }
        }
      }
    }
    return new Selection(
        taken.orElseThrow(
            () ->
                new BackendUnavailableException(
                    anything
                        ? "no backend works: " + String.join("; ", report)
                        : what(backend, wanted)
                            + " cannot be used: "
                            + refusals.stream()
                                .map(Backends::sentence)
                                .collect(Collectors.joining("; ")))),
        report);
  }

  /** Whether a device opens and passes the self-test: empty if so, or why not and what to do. */
  public Optional<Refusal> check(DeviceStatus device, int threads) {
    if (device.refusal().isPresent()) {
      return device.refusal(); // A driver that failed to load may say something else later.
    }
    Candidate candidate =
        candidates(device.backend())
            .filter(other -> other.status().id().equals(device.id())) // the rest may have changed
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no backend offers " + device));
    return switch (open(candidate, threads)) {
      case Opened(Backend backend) -> {
        backend.close();
        yield Optional.empty();
      }
      case Refused(Refusal refusal) -> Optional.of(refusal);
    };
  }

  private record Candidate(BackendProvider provider, DeviceStatus status) {

    String label() {
      return status.backend() + " " + status.id();
    }

    String option() {
      return "--backend " + status.backend() + " --device " + status.id();
    }
  }

  private sealed interface Outcome permits Opened, Refused {}

  private record Opened(Backend backend) implements Outcome {}

  private record Refused(Refusal refusal) implements Outcome {}

  /** The devices of a backend, or of all: only who is asked lists them, which may load drivers. */
  private Stream<Candidate> candidates(String backend) {
    return providers.stream()
        .filter(provider -> backend.equals(AUTO) || provider.name().equals(backend))
        .flatMap(
            provider -> provider.devices().stream().map(status -> new Candidate(provider, status)))
        .sorted(Comparator.comparing(candidate -> candidate.status().kind()));
  }

  private List<Candidate> named(String backend, String device) {
    List<Candidate> ofBackend = candidates(backend).toList();
    if (ofBackend.isEmpty()) {
      throw new BackendUnavailableException(
          "there is no backend "
              + backend
              + ": use --backend "
              + Stream.concat(
                      Stream.of(AUTO),
                      candidates(AUTO).map(candidate -> candidate.status().backend()))
                  .distinct()
                  .collect(Collectors.joining("|")));
    }
    List<Candidate> ofDevice =
        ofBackend.stream()
            .filter(candidate -> device.isEmpty() || candidate.status().id().equals(device))
            .toList();
    if (ofDevice.isEmpty()
        && ofBackend.stream().noneMatch(candidate -> candidate.status().usable())) {
      return ofBackend; // Why it has none is more to the point.
    }
    if (ofDevice.isEmpty()) {
      throw new BackendUnavailableException(
          (backend.equals(AUTO)
                  ? "no backend has a device "
                  : "backend " + backend + " has no device ")
              + device
              + ": use "
              + ofBackend.stream().map(Candidate::option).collect(Collectors.joining(", or ")));
    }
    return ofDevice;
  }

  private Outcome open(Candidate candidate, int threads) {
    DeviceStatus status = candidate.status();
    if (status.refusal().isPresent()) {
      return new Refused(status.refusal().get());
    }
    Backend backend;
    try {
      backend = candidate.provider().open(new BackendOptions(status.id(), threads));
    } catch (BackendUnavailableException e) {
      return new Refused(new Refusal(String.valueOf(e.getMessage()), ""));
    }
    Optional<String> failure;
    try {
      failure = selfTest.apply(backend);
    } catch (BackendUnavailableException e) {
      backend.close();
      return new Refused(new Refusal(String.valueOf(e.getMessage()), ""));
    } catch (RuntimeException e) {
      failure = Optional.of(e.toString());
    }
    if (failure.isEmpty()) {
      return new Opened(backend);
    }
    backend.close();
    return new Refused(
        new Refusal(
            candidate.label() + " fails the self-test: " + failure.get(),
            "report it with the output of pbb doctor, and use another backend"));
  }

  private static String sentence(Refusal refusal) {
    return refusal.remedy().isEmpty()
        ? refusal.reason()
        : refusal.reason() + ": " + refusal.remedy();
  }

  private static String what(String backend, String device) {
    return device.isEmpty()
        ? "backend " + backend
        : backend.equals(AUTO) ? "device " + device : "device " + device + " of backend " + backend;
  }
}
