# Finds TornadoVM, and what the JVM has to be told for it. Sourced by the scripts beside it.

# Sets `tornado` to the JVM's options where TORNADOVM_HOME names an installation of the version that the kernels are
# for, and to nothing otherwise: pbb then says what is missing if it is asked for. They are those of TornadoVM's own
# launcher (tornado --printJavaFlags), but that its modules stand on the upgrade path, since there can be only one module
# path; what it is told by system properties beside these, the backend sets itself. Its arrays on the host
# count as direct memory, which is capped at the heap's size unless told otherwise.
find_tornado() {
  local home=${TORNADOVM_HOME:-/nowhere} driver jar modules=tornado.runtime,tornado.annotation,tornado.drivers.common
  local upgrade=$home/share/java/graalJars
  tornado=()
  if [ ! -r "$home/share/java/tornado/tornado-api-5.2.0-jdk25.jar" ]; then
    return 0
  fi
  for jar in "$home"/share/java/tornado/*.jar; do
    case ${jar##*/} in
      # An old JMH, which would stand before ours, and its own benchmarks, which do not resolve without it.
      jmh-* | tornado-benchmarks-*) ;;
      *) upgrade=$upgrade:$jar ;;
    esac
  done
  tornado=(
    -XX:+UnlockExperimentalVMOptions -XX:+EnableJVMCI --enable-preview
    -XX:MaxDirectMemorySize=1024g
    -Djava.library.path="$home/lib"
    -Dtornado.load.api.implementation=uk.ac.manchester.tornado.runtime.tasks.TornadoTaskGraph
    -Dtornado.load.runtime.implementation=uk.ac.manchester.tornado.runtime.TornadoCoreRuntime
    -Dtornado.load.tornado.implementation=uk.ac.manchester.tornado.runtime.common.Tornado
    -Dtornado.load.annotation.implementation=uk.ac.manchester.tornado.annotation.ASMClassVisitor
    -Dtornado.load.annotation.parallel=uk.ac.manchester.tornado.api.annotations.Parallel
    --upgrade-module-path "$upgrade"
    "@$home/etc/exportLists/common-exports"
  )
  for driver in opencl ptx; do
    if compgen -G "$home/share/java/tornado/tornado-drivers-$driver-*.jar" >/dev/null; then
      tornado+=("@$home/etc/exportLists/$driver-exports" --enable-native-access="tornado.drivers.$driver")
      modules=$modules,tornado.drivers.$driver
    fi
  done
  tornado+=(--add-modules "$modules")
}
