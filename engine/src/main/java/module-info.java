/** Trains compact transformers: tensors, graphs, backends, training, generation, checkpoints. */
@SuppressWarnings("module") // pbb.tornado is built after this module, or not at all.
module pbb.engine {
  requires com.fasterxml.jackson.databind;
  requires jdk.incubator.vector;
  requires static org.jspecify;

  exports pbb.engine.backend;
  exports pbb.engine.backend.host;
  exports pbb.engine.backend.vector to
      pbb.tornado;
  exports pbb.engine.checkpoint;
  exports pbb.engine.conformance;
  exports pbb.engine.data;
  exports pbb.engine.generate;
  exports pbb.engine.graph;
  exports pbb.engine.io;
  exports pbb.engine.nn;
  exports pbb.engine.random;
  exports pbb.engine.selection;
  exports pbb.engine.tokenizer;
  exports pbb.engine.train;

  uses pbb.engine.backend.BackendProvider;

  provides pbb.engine.backend.BackendProvider with
      pbb.engine.backend.scalar.ScalarProvider,
      pbb.engine.backend.vector.VectorProvider;
}
