package pbb.engine.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class BackendProviderTest {

  /**
   * Who has the engine on the class path gets the providers of META-INF/services, not the module's.
   */
  @Test
  void classPathAndModulePathOfferTheSameBackends() throws IOException {
    Set<String> ofModule =
        ServiceLoader.load(BackendProvider.class).stream()
            .map(provider -> provider.type().getName())
            .collect(Collectors.toSet());
    String resource = "META-INF/services/" + BackendProvider.class.getName();
    try (InputStream in = BackendProvider.class.getModule().getResourceAsStream(resource)) {
      Set<String> ofClassPath =
          new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().collect(Collectors.toSet());
      assertEquals(ofModule, ofClassPath);
    }
  }
}
