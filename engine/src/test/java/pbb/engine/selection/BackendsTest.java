package pbb.engine.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.BackendProvider;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.DeviceStatus.Kind;
import pbb.engine.backend.DeviceStatus.Refusal;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Support;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;

class BackendsTest {

  /** Names of devices that were opened and closed again, in order. */
  private final List<String> closed = new ArrayList<>();

  private record FakeBackend(DeviceStatus device, int threads, List<String> closed)
      implements Backend {

    @Override
    public Support supports(Op op) {
      return new Support.Supported();
    }

    @Override
    public Executable compile(Program program) {
      throw new BackendUnavailableException("a fake backend runs nothing");
    }

    @Override
    public void close() {
      closed.add(device.id());
    }
  }

  private record FakeProvider(String name, List<DeviceStatus> devices, List<String> closed)
      implements BackendProvider {

    @Override
    public Backend open(BackendOptions options) {
      DeviceStatus device =
          devices.stream()
              .filter(status -> status.id().equals(options.device()))
              .findFirst()
              .orElseThrow();
      if (device.description().equals("does not open")) {
        throw new BackendUnavailableException(
            "the driver of " + device.id() + " says no: plug it in");
      }
      return new FakeBackend(device, options.threads(), closed);
    }
  }

  private static DeviceStatus device(String backend, String id, Kind kind, String description) {
    return new DeviceStatus(backend, id, description, kind, Optional.empty());
  }

  private BackendProvider provider(String name, DeviceStatus... devices) {
    return new FakeProvider(name, List.of(devices), closed);
  }

  private final BackendProvider scalar =
      provider("scalar", device("scalar", "cpu", Kind.SCALAR_CPU, "loops"));
  private final BackendProvider vector =
      provider("vector", device("vector", "simd", Kind.VECTOR_CPU, "16 lanes"));
  private final BackendProvider card =
      provider(
          "card",
          device("card", "card:cpu", Kind.ON_REQUEST, "a processor behind the card's interface"),
          device("card", "card:0", Kind.GPU, "a card"));
  private final BackendProvider missing =
      provider(
          "missing",
          new DeviceStatus(
              "missing",
              "missing:0",
              "a card",
              Kind.GPU,
              Optional.of(new Refusal("no driver", "install it"))));
  private final BackendProvider unplugged =
      provider("unplugged", device("unplugged", "unplugged:0", Kind.GPU, "does not open"));

  private static Backends backends(BackendProvider... providers) {
    return new Backends(List.of(providers), _ -> Optional.empty());
  }

  private static String refusal(Backends backends, String backend, String device) {
    return String.valueOf(
        assertThrows(
                BackendUnavailableException.class,
                () ->
                    backends.select(
                        backend, device.isEmpty() ? Optional.empty() : Optional.of(device), 1))
            .getMessage());
  }

  @Test
  void autoTakesTheDeviceOfTheHighestRank() {
    Selection selection = backends(scalar, card, vector).select("auto", Optional.empty(), 3);
    assertEquals("card:0", selection.backend().device().id());
    assertEquals(3, ((FakeBackend) selection.backend()).threads());
    assertEquals(
        List.of(
            "card card:0: taken (a card)",
            "vector simd: not needed",
            "scalar cpu: not needed",
            "card card:cpu: used only when named, with --backend card --device card:cpu"),
        selection.report());
    selection.close();
    assertEquals(List.of("card:0"), closed);
  }

  @Test
  void autoSaysWhyNotTheOthers() {
    Selection selection =
        backends(scalar, missing, unplugged, vector).select("auto", Optional.empty(), 1);
    assertEquals("simd", selection.backend().device().id());
    assertEquals(
        List.of(
            "missing missing:0: no driver: install it",
            "unplugged unplugged:0: the driver of unplugged:0 says no: plug it in",
            "vector simd: taken (16 lanes)",
            "scalar cpu: not needed"),
        selection.report());
  }

  @Test
  void autoSaysWhyNotOfThoseThatRankLowerToo() {
    Refusal refusal = new Refusal("its driver is of version 3", "install version 4");
    BackendProvider broken =
        provider(
            "broken",
            new DeviceStatus("broken", "0", "a card", Kind.ON_REQUEST, Optional.of(refusal)));
    assertEquals(
        List.of(
            "vector simd: taken (16 lanes)",
            "broken 0: its driver is of version 3: install version 4"),
        backends(vector, broken).select("auto", Optional.empty(), 1).report());
    assertEquals(
        "device 7 of backend broken cannot be used: its driver is of version 3: install version 4",
        refusal(backends(vector, broken), "broken", "7"));
  }

  @Test
  void whatWasLeftOutOfTheBuildSaysHowToHaveIt() {
    for (String home : new String[] {"", "/opt/tornadovm"}) {
      List<BackendProvider> leftOut =
          LeftOutProvider.except(
              Set.of("vector"), home.isEmpty() ? Map.of() : Map.of("TORNADOVM_HOME", home));
      assertEquals(List.of("tornado"), leftOut.stream().map(BackendProvider::name).toList());
      Backends backends = backends(vector, leftOut.getFirst());
      for (String device : new String[] {"", "opencl:0"}) {
        String message = refusal(backends, "tornado", device);
        assertTrue(message.contains("without TornadoVM 5.2.0 for JDK 25"), message);
        assertTrue(
            message.contains(
                home.isEmpty() ? "TORNADOVM_HOME is not set" : "TORNADOVM_HOME names " + home),
            message);
        assertTrue(message.contains(": set TORNADOVM_HOME to"), message);
      }
      assertEquals(2, backends.select("auto", Optional.empty(), 1).report().size());
    }
    assertEquals(List.of(), LeftOutProvider.except(Set.of("tornado"), Map.of()));
  }

  @Test
  void autoPassesOverADeviceThatFailsTheSelfTest() {
    Backends backends =
        new Backends(
            List.of(card, vector, scalar),
            backend ->
                switch (backend.device().kind()) {
                  case GPU -> Optional.of("Add 3×1: wrong");
                  case VECTOR_CPU -> throw new IllegalStateException("crashed");
                  case SCALAR_CPU, ON_REQUEST -> Optional.empty();
                });
    Selection selection = backends.select("auto", Optional.empty(), 1);
    assertEquals("cpu", selection.backend().device().id());
    assertTrue(
        selection
            .report()
            .getFirst()
            .startsWith("card card:0: card card:0 fails the self-test: Add 3×1: wrong"));
    assertTrue(selection.report().get(1).contains("crashed"));
    assertEquals(List.of("card:0", "simd"), closed, "what fails is closed again");
    assertTrue(refusal(backends, "card", "card:0").contains("fails the self-test: Add 3×1: wrong"));
  }

  @Test
  void autoNeverTakesAProcessorBehindADeviceInterface() {
    BackendProvider only =
        provider("card", device("card", "card:cpu", Kind.ON_REQUEST, "a processor"));
    assertEquals(
        "no backend works: card card:cpu: used only when named, with --backend card --device"
            + " card:cpu",
        refusal(backends(only), "auto", ""));
    assertEquals(
        "card:cpu",
        backends(only, scalar).select("card", Optional.empty(), 1).backend().device().id());
    assertEquals(
        "card:0", backends(card).select("card", Optional.empty(), 1).backend().device().id());
    assertEquals(
        "card:cpu",
        backends(card).select("card", Optional.of("card:cpu"), 1).backend().device().id());
    assertEquals(
        "card:cpu",
        backends(card).select("auto", Optional.of("card:cpu"), 1).backend().device().id());
  }

  @Test
  void whatIsNamedMustWork() {
    Backends backends = backends(scalar, vector, missing, unplugged);
    assertEquals("cpu", backends.select("scalar", Optional.empty(), 1).backend().device().id());
    assertEquals(
        "backend missing cannot be used: no driver: install it", refusal(backends, "missing", ""));
    assertEquals(
        "device unplugged:0 of backend unplugged cannot be used: the driver of unplugged:0 says no:"
            + " plug it in",
        refusal(backends, "unplugged", "unplugged:0"));
    assertEquals(
        "device missing:0 cannot be used: no driver: install it",
        refusal(backends, "auto", "missing:0"));
  }

  @Test
  void unknownNamesAreRefusedWithThoseThatThereAre() {
    Backends backends = backends(scalar, vector);
    assertEquals(
        "there is no backend cuda: use --backend auto|vector|scalar",
        refusal(backends, "cuda", ""));
    assertEquals(
        "backend vector has no device cpu: use --backend vector --device simd",
        refusal(backends, "vector", "cpu"));
    assertEquals(
        "no backend has a device tpu: use --backend vector --device simd, or --backend scalar"
            + " --device cpu",
        refusal(backends, "auto", "tpu"));
  }

  @Test
  void onlyTheBackendThatIsNamedListsItsDevices() {
    BackendProvider listing =
        new BackendProvider() {
          @Override
          public String name() {
            return "slow";
          }

          @Override
          public List<DeviceStatus> devices() {
            throw new AssertionError("a driver is loaded that nobody asked for");
          }

          @Override
          public Backend open(BackendOptions options) {
            throw new AssertionError("nobody asked for it");
          }
        };
    Backends backends = backends(listing, vector);
    assertEquals("simd", backends.select("vector", Optional.empty(), 1).backend().device().id());
  }

  @Test
  void checksOneDevice() {
    Backends backends = backends(scalar, missing);
    assertEquals(2, backends.devices().size());
    assertEquals(
        Optional.of(new Refusal("no driver", "install it")),
        backends.check(backends.devices().getFirst(), 1));
    assertEquals(Optional.empty(), backends.check(backends.devices().getLast(), 1));
    assertEquals(List.of("cpu"), closed);
  }

  /** A driver that cannot be loaded says so once, and then that it was not. */
  private record Unloadable(List<String> reasons) implements BackendProvider {

    @Override
    public String name() {
      return "unloadable";
    }

    @Override
    public List<DeviceStatus> devices() {
      Refusal refusal = new Refusal(reasons.removeFirst(), "install it");
      return List.of(
          new DeviceStatus("unloadable", "card:0", "no device", Kind.GPU, Optional.of(refusal)));
    }

    @Override
    public Backend open(BackendOptions options) {
      throw new BackendUnavailableException("there is nothing to open");
    }
  }

  @Test
  void aRefusedDeviceIsNotLookedForAgain() {
    Backends backends =
        backends(new Unloadable(new ArrayList<>(List.of("no library", "not initialized"))));
    DeviceStatus listed = backends.devices().getFirst();
    assertEquals(Optional.of(new Refusal("no library", "install it")), backends.check(listed, 1));
  }

  @Test
  void theRealOnesAreFoundAndPassTheSelfTest() {
    Backends backends = Backends.discover();
    assertTrue(backends.devices().stream().anyMatch(device -> device.backend().equals("scalar")));
    try (Selection selection = backends.select("auto", Optional.empty(), 1)) {
      assertFalse(selection.report().isEmpty());
    }
    try (Selection selection = backends.select("scalar", Optional.empty(), 1)) {
      assertEquals(Kind.SCALAR_CPU, selection.backend().device().kind());
    }
  }
}
