package pbb.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Options from a TOML file: keys are options without their dashes; those at the top hold for every
 * command that has them, those in a command's table for that command.
 *
 * <pre>
 * threads = 2
 *
 * [train]
 * learning-rate = 1e-3
 * </pre>
 */
final class TomlDefaults implements IDefaultValueProvider {

  private final JsonNode root;

  private TomlDefaults(JsonNode root) {
    this.root = root;
  }

  /**
   * Reads the file and checks that every key is an option.
   *
   * @throws IllegalArgumentException if it is not as it should be; the message names file, and line
   *     or key
   */
  static TomlDefaults read(Path file, CommandLine main) throws IOException {
    JsonNode root;
    try {
      root = new TomlMapper().readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      String where = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
      throw new IllegalArgumentException(
          file + where + ": " + firstLine(e.getOriginalMessage()), e);
    }
    TomlDefaults defaults = new TomlDefaults(root);
    defaults.check(file, main);
    return defaults;
  }

  private static String firstLine(@Nullable String message) {
    return message == null
        ? "this is no TOML"
        : message.lines().findFirst().orElse("this is no TOML");
  }

  private void check(Path file, CommandLine main) {
    Set<String> all = new TreeSet<>();
    main.getSubcommands().values().forEach(command -> all.addAll(keys(command)));
    for (Map.Entry<String, JsonNode> entry : root.properties()) {
      CommandLine command = main.getSubcommands().get(entry.getKey());
      if (!entry.getValue().isObject()) {
        require(file, entry.getKey(), all, "any command");
      } else if (command == null) {
        throw new IllegalArgumentException(
            file
                + ": table ["
                + entry.getKey()
                + "] is no command; commands are "
                + String.join(", ", main.getSubcommands().keySet()));
      } else {
        for (Map.Entry<String, JsonNode> inner : entry.getValue().properties()) {
          require(file, inner.getKey(), keys(command), "command " + entry.getKey());
        }
      }
    }
  }

  private static void require(Path file, String key, Set<String> known, String of) {
    if (!known.contains(key)) {
      throw new IllegalArgumentException(
          file
              + ": key "
              + key
              + " is no option of "
              + of
              + "; options are "
              + String.join(", ", known));
    }
  }

  private static Set<String> keys(CommandLine command) {
    Set<String> keys = new TreeSet<>();
    command.getCommandSpec().options().forEach(option -> keys.add(key(option)));
    keys.remove("config");
    keys.remove("help");
    keys.remove("version");
    return keys;
  }

  private static String key(OptionSpec option) {
    return option.longestName().replaceFirst("^-+", "");
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option)) {
      return null;
    }
    JsonNode own = root.path(option.command().name()).path(key(option));
    JsonNode value = own.isMissingNode() ? root.path(key(option)) : own;
    return value.isMissingNode() || value.isObject() ? null : text(value);
  }

  private static String text(JsonNode value) {
    if (!value.isArray()) {
      return value.asText();
    }
    StringBuilder text = new StringBuilder();
    value.forEach(element -> text.append(text.isEmpty() ? "" : ",").append(element.asText()));
    return text.toString();
  }

  /** The file that {@code --config} names on this command line. */
  static Optional<Path> named(String[] args) {
    for (int i = 0; i < args.length; i++) {
      if (args[i].startsWith("--config=")) {
        return Optional.of(Path.of(args[i].substring("--config=".length())));
      }
      if (args[i].equals("--config") && i + 1 < args.length) {
        return Optional.of(Path.of(args[i + 1]));
      }
    }
    return Optional.empty();
  }
}
