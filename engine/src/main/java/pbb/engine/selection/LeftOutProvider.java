package pbb.engine.selection;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.BackendProvider;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.DeviceStatus.Kind;
import pbb.engine.backend.DeviceStatus.Refusal;

/**
 * Stands for a backend that could be built and was not, so that who asks for it hears how to have
 * it.
 *
 * @param name the backend's name
 * @param refusal why it is not there, and what to do
 */
record LeftOutProvider(String name, Refusal refusal) implements BackendProvider {

  private static final String RESOURCE = "optional-backends.properties";

  /**
   * Those that are not among the ones that were found.
   *
   * @param found names of backends
   * @param environment the variables that are set
   */
  static List<BackendProvider> except(Set<String> found, Map<String, String> environment) {
    Properties optional = new Properties();
    try (InputStream in = LeftOutProvider.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is not beside the class that reads it");
      }
      optional.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE + " cannot be read", e);
    }
    List<BackendProvider> leftOut = new ArrayList<>();
    for (String name : optional.stringPropertyNames()) {
      if (!found.contains(name)) {
        String[] variableAndNeed = optional.getProperty(name).split(" ", 2);
        String variable = variableAndNeed[0];
        Optional<String> value = Optional.ofNullable(environment.get(variable));
        leftOut.add(
            new LeftOutProvider(
                name,
                new Refusal(
                    "this build was made without "
                        + variableAndNeed[1]
                        + " ("
                        + variable
                        + value.map(now -> " names " + now).orElse(" is not set")
                        + ")",
                    "set "
                        + variable
                        + " to an installation of it and build again, as scripts/pbb does by"
                        + " itself")));
      }
    }
    return leftOut;
  }

  @Override
  public List<DeviceStatus> devices() {
    return List.of(
        new DeviceStatus(name, "none", "left out", Kind.ON_REQUEST, Optional.of(refusal)));
  }

  @Override
  public Backend open(BackendOptions options) {
    throw new BackendUnavailableException(refusal.reason() + ": " + refusal.remedy());
  }
}
