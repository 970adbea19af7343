# What the JVM is to compile first. Sourced by the scripts beside it.

# A kernel on vectors is slow until it is compiled as a whole: before, each operation allocates a vector and goes through
# a dozen of the Vector API's own methods. These are called so often that the JVM would compile them, one by one, ahead of the
# kernels that then call none of them: the first training step ended a second later. So kernels are compiled after a
# fifth of the usual calls, and what they consist of after ten times as many.
jit=(
  -XX:CompileCommand=quiet
  -XX:CompileCommand=CompileThresholdScaling,pbb.engine.backend.vector.*::*,0.2
  -XX:CompileCommand=CompileThresholdScaling,jdk.incubator.vector.*::*,10.0
  -XX:CompileCommand=CompileThresholdScaling,jdk.internal.vm.vector.*::*,10.0
)
