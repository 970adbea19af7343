package pbb.engine.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.tokenizer.Tokenizer;

/**
 * A folder that holds a model: {@code model.safetensors}, {@code config.json}, {@code
 * tokenizer.json}, {@code tokenizer_config.json} and {@code generation_config.json}, as {@code
 * transformers} reads them; and, if training may go on from it, {@code optimizer.safetensors} with
 * AdamW's moments and {@code trainer.json} with whatever else the trainer must remember.
 */
public final class Checkpoint {

  /**
   * What to write.
   *
   * @param config the model's shape
   * @param tokenizer what its token ids mean
   * @param weights all weights, under Hugging Face's names; see {@link LayerSlices}
   * @param optimizer the moments of the optimizer; empty in a checkpoint that is only to be used,
   *     not trained on
   * @param trainer the state of training, such as step and tokens seen, as {@link JsonText} takes
   *     it; empty if and only if {@code optimizer} is
   */
  public record Contents(
      ModelConfig config,
      Tokenizer tokenizer,
      List<NamedTensor> weights,
      List<NamedTensor> optimizer,
      Map<String, ?> trainer) {

    /** Checks that the parts fit together. */
    public Contents {
      weights = List.copyOf(weights);
      optimizer = List.copyOf(optimizer);
      if (optimizer.isEmpty() != trainer.isEmpty()) {
        throw new IllegalArgumentException(
            "a checkpoint has both an optimizer's and a trainer's state or neither");
      }
      if (tokenizer.vocabularySize() > config.vocabularySize()) {
        throw new IllegalArgumentException(
            "the tokenizer has "
                + tokenizer.vocabularySize()
                + " ids, the model only "
                + config.vocabularySize());
      }
    }
  }

  private static final String MODEL = "model.safetensors";
  private static final String CONFIG = "config.json";
  private static final String GENERATION_CONFIG = "generation_config.json";
  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String TRAINER = "trainer.json";
  private static final Map<String, String> METADATA = Map.of("format", "pt");

  private final Path folder;
  private final ModelConfig config;
  private final boolean resumable;

  private Checkpoint(Path folder, ModelConfig config, boolean resumable) {
    this.folder = folder;
    this.config = config;
    this.resumable = resumable;
  }

  /**
   * Writes a checkpoint whole or not at all.
   *
   * @param folder must not exist
   * @throws IOException in one sentence, if the folder exists, the disk is full or the place is
   *     read-only
   */
  public static void write(Path folder, Contents contents) throws IOException {
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          ModelConfig config = contents.config();
          Tokenizer tokenizer = contents.tokenizer();
          Files.writeString(
              partial.resolve(CONFIG), HuggingFaceConfig.configJson(config, tokenizer));
          Files.writeString(
              partial.resolve(GENERATION_CONFIG),
              HuggingFaceConfig.generationConfigJson(tokenizer));
          tokenizer.save(partial);
          Safetensors.write(partial.resolve(MODEL), METADATA, contents.weights());
          if (!contents.trainer().isEmpty()) {
            Safetensors.write(partial.resolve(OPTIMIZER), METADATA, contents.optimizer());
            Files.writeString(partial.resolve(TRAINER), JsonText.indented(contents.trainer()));
          }
        });
  }

  /**
   * Opens a checkpoint, ours or one that {@code transformers} saved, and checks that its files are
   * there and whole; weights are read only when asked for.
   *
   * @throws InvalidFileException if the folder does not exist, or a file is missing, damaged, or of
   *     a model that this engine does not run
   */
  public static Checkpoint open(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new InvalidFileException(
          folder, "is no checkpoint: there is no such folder; name one that holds " + MODEL);
    }
    if (!Files.exists(folder.resolve(MODEL))
        && Files.exists(folder.resolve(MODEL + ".index.json"))) {
      throw new InvalidFileException(
          folder,
          "holds a model in several files, which this engine does not read: save it with a"
              + " larger max_shard_size");
    }
    ModelConfig config = HuggingFaceConfig.read(folder.resolve(CONFIG));
    Safetensors.open(folder.resolve(MODEL)).close();
    boolean hasOptimizer = Files.exists(folder.resolve(OPTIMIZER), LinkOption.NOFOLLOW_LINKS);
    boolean hasTrainer = Files.exists(folder.resolve(TRAINER), LinkOption.NOFOLLOW_LINKS);
    boolean resumable = hasOptimizer || hasTrainer;
    if (resumable) {
      Safetensors.open(folder.resolve(OPTIMIZER)).close();
      JsonObject.read(folder.resolve(TRAINER));
    }
    return new Checkpoint(folder, config, resumable);
  }

  /** The folder. */
  public Path folder() {
    return folder;
  }

  /** The model's shape. */
  public ModelConfig config() {
    return config;
  }

  /** Whether training can go on from here: there are an optimizer's and a trainer's state. */
  public boolean isResumable() {
    return resumable;
  }

  /**
   * Reads the tokenizer.
   *
   * @throws InvalidFileException if it cannot be read, or has more ids than the model
   */
  public Tokenizer tokenizer() throws IOException {
    Tokenizer tokenizer = Tokenizer.load(folder);
    if (tokenizer.vocabularySize() > config.vocabularySize()) {
      throw new InvalidFileException(
          folder,
          "has a tokenizer of "
              + tokenizer.vocabularySize()
              + " ids and a model of only "
              + config.vocabularySize()
              + ": they do not belong together");
    }
    return tokenizer;
  }

  /**
   * Opens the weights.
   *
   * @param names the names of all weights that the model has
   * @throws InvalidFileException if the file is damaged, or has other tensors
   */
  public Safetensors openWeights(Collection<String> names) throws IOException {
    return openWith(MODEL, names);
  }

  /**
   * Reads the weights.
   *
   * @throws InvalidFileException if the file is damaged, or has other tensors
   */
  public Weights weights() throws IOException {
    Weights weights = new Weights(new Transformer(config));
    List<String> names = new ArrayList<>();
    for (Parameter parameter : weights.model().parameters()) {
      names.addAll(LayerSlices.names(parameter, ""));
    }
    try (Safetensors file = openWeights(names)) {
      for (Parameter parameter : weights.model().parameters()) {
        LayerSlices.copy(file, parameter, "", weights.segment(parameter));
      }
    }
    return weights;
  }

  /**
   * Opens the optimizer's moments.
   *
   * @param names the names of all moments that the optimizer keeps
   * @throws InvalidFileException if there is no such file, it is damaged, or has other tensors
   */
  public Safetensors openOptimizer(Collection<String> names) throws IOException {
    requireResumable();
    return openWith(OPTIMIZER, names);
  }

  /**
   * Reads the trainer's state.
   *
   * @throws InvalidFileException if there is none
   */
  public JsonObject trainer() throws IOException {
    requireResumable();
    return JsonObject.read(folder.resolve(TRAINER));
  }

  private void requireResumable() throws InvalidFileException {
    if (!resumable) {
      throw new InvalidFileException(
          folder,
          "holds a model without the state of its training: begin a new training from it"
              + " instead of resuming");
    }
  }

  private Safetensors openWith(String name, Collection<String> names) throws IOException {
    Safetensors tensors = Safetensors.open(folder.resolve(name));
    try {
      tensors.requireNames(names);
      return tensors;
    } catch (InvalidFileException e) {
      tensors.close();
      throw e;
    }
  }
}
