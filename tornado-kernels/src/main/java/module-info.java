/** The TornadoVM backend: programs on devices behind OpenCL and PTX. */
module pbb.tornado {
  requires java.management;
  requires pbb.engine;
  requires static org.jspecify;
  // Not needed to resolve this module: where TornadoVM is missing, the provider says so.
  requires static tornado.api;

  // TornadoVM finds the methods behind method references by reflection.
  opens pbb.tornado.kernels;

  provides pbb.engine.backend.BackendProvider with
      pbb.tornado.TornadoProvider;
}
