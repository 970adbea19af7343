package pbb.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import pbb.run.TomlLines;
import pbb.run.UsageException;
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

  private final Path file;
  private final JsonNode root;
  private final TomlLines lines;

  private TomlDefaults(Path file, JsonNode root, TomlLines lines) {
    this.file = file;
    this.root = root;
    this.lines = lines;
  }

  /**
   * Reads the file and checks that every key is an option, with a value of its type.
   *
   * @throws UsageException if it is not as it should be; the message names file and line
   */
  static TomlDefaults read(Path file, CommandLine main) throws IOException {
    try {
      String text = Files.readString(file);
      TomlDefaults defaults =
          new TomlDefaults(file, new TomlMapper().readTree(text), new TomlLines(text));
      defaults.check(main);
      return defaults;
    } catch (JsonProcessingException e) {
      String where = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
      throw new UsageException(file + where + ": " + firstLine(e.getOriginalMessage()), e);
    } catch (MalformedInputException e) {
      throw new UsageException(file + " is no text in UTF-8: name a TOML file with --config", e);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      throw new UsageException(
          file + " cannot be read (" + e.getMessage() + "): name a TOML file with --config", e);
    }
  }

  private static String firstLine(@Nullable String message) {
    return message == null
        ? "this is no TOML"
        : message.lines().findFirst().orElse("this is no TOML");
  }

  private void check(CommandLine main) {
    for (Map.Entry<String, JsonNode> entry : root.properties()) {
      String key = entry.getKey();
      JsonNode value = entry.getValue();
      CommandLine command = main.getSubcommands().get(key);
      if (!value.isObject()) {
        check(List.of(key), value, main.getSubcommands().values(), "any command");
      } else if (command != null) {
        for (Map.Entry<String, JsonNode> inner : value.properties()) {
          check(List.of(key, inner.getKey()), inner.getValue(), List.of(command), "command " + key);
        }
      } else {
        throw wrong(
            List.of(key),
            "table ["
                + key
                + "] is no command; commands are "
                + String.join(", ", main.getSubcommands().keySet()));
      }
    }
  }

  private void check(
      List<String> path, JsonNode value, Collection<CommandLine> commands, String of) {
    String key = path.getLast();
    Set<String> known = new TreeSet<>();
    boolean found = false;
    for (CommandLine command : commands) {
      for (OptionSpec option : command.getCommandSpec().options()) {
        if (Set.of("config", "help", "version").contains(key(option))) {
          continue;
        }
        known.add(key(option));
        if (key(option).equals(key)) {
          found = true;
          expected(option, value)
              .ifPresent(
                  what -> {
                    throw wrong(path, "key " + key + " must be " + what + ", not " + value);
                  });
        }
      }
    }
    if (!found) {
      throw wrong(
          path,
          "key " + key + " is no option of " + of + "; options are " + String.join(", ", known));
    }
  }

  /** What a value must be; empty if it is that. */
  private static Optional<String> expected(OptionSpec option, JsonNode value) {
    Class<?> type = option.type();
    boolean right;
    String what;
    if (type == int.class || type == Integer.class) {
      right = value.isIntegralNumber() && value.canConvertToInt();
      what = "an integer";
    } else if (type == long.class || type == Long.class) {
      right = value.isIntegralNumber() && value.canConvertToLong();
      what = "an integer";
    } else if (type == double.class || type == Double.class) {
      right = value.isNumber();
      what = "a number";
    } else if (type == boolean.class || type == Boolean.class) {
      right = value.isBoolean();
      what = "true or false";
    } else if (type.isEnum()) {
      List<String> names = Stream.of(type.getEnumConstants()).map(Object::toString).toList();
      right = value.isTextual() && names.stream().anyMatch(value.asText()::equalsIgnoreCase);
      what = "one of " + String.join(", ", names);
    } else if (Collection.class.isAssignableFrom(type) && value.isArray()) {
      right = value.valueStream().allMatch(JsonNode::isTextual);
      what = "a list of strings";
    } else {
      right = value.isTextual();
      what = "a string";
    }
    return right ? Optional.empty() : Optional.of(what);
  }

  private UsageException wrong(List<String> path, String problem) {
    return new UsageException(file + ", line " + lines.of(path) + ": " + problem);
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

  /**
   * The file that {@code --config} names on this command line.
   *
   * @throws UsageException if it is no name of a file
   */
  static Optional<Path> named(String[] args) {
    for (int i = 0; i < args.length; i++) {
      if (args[i].startsWith("--config=")) {
        return Optional.of(path(args[i].substring("--config=".length())));
      }
      if (args[i].equals("--config") && i + 1 < args.length) {
        return Optional.of(path(args[i + 1]));
      }
    }
    return Optional.empty();
  }

  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new UsageException("--config names no file: " + e.getMessage(), e);
    }
  }
}
