package pbb.engine.backend.host;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Memory for tensors, zeroed. On Linux, large blocks lie on huge pages where the kernel has some
 * (transparent huge pages, {@code madvise(MADV_HUGEPAGE)}): a training step goes through hundreds
 * of megabytes in strides of rows, and one entry of the TLB then covers 2 MiB rather than 4 KiB.
 * They come from {@code mmap}, since memory that {@link Arena} hands out has been zeroed, and so
 * placed on small pages, before the kernel can be told.
 */
final class HostMemory {

  private static final long HUGE_PAGE = 2 << 20;

  /** Smaller blocks are left to the arena: some of a few pages would waste most of a huge one. */
  private static final long LARGE = 2 * HUGE_PAGE;

  private static final boolean LINUX = System.getProperty("os.name").equals("Linux");

  private static final int PROT_READ_WRITE = 0x1 | 0x2;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x02 | 0x20;
  private static final long MAP_FAILED = -1;
  private static final int MADV_HUGEPAGE = 14;

  private final Arena arena;

  /**
   * @param arena when it is closed, the memory is gone
   */
  HostMemory(Arena arena) {
    this.arena = arena;
  }

  /**
   * Allocates a block. A large one takes memory as it is first touched.
   *
   * @param alignment at most that of a huge page
   * @throws OutOfMemoryError if the system refuses so much
   */
  MemorySegment allocate(long bytes, long alignment) {
    return bytes < LARGE || !LINUX ? arena.allocate(Math.max(bytes, 1), alignment) : map(bytes);
  }

  @SuppressWarnings("restricted") // of an address that mmap gave
  private MemorySegment map(long bytes) {
    long mapped = bytes + HUGE_PAGE; // the kernel aligns to small pages only
    long address = Native.map(mapped);
    if (address == MAP_FAILED) {
      throw new OutOfMemoryError("mmap has no " + mapped + " bytes");
    }
    MemorySegment whole =
        MemorySegment.ofAddress(address)
            .reinterpret(mapped, arena, memory -> Native.unmap(memory.address(), mapped));
    long first = Math.ceilDiv(address, HUGE_PAGE) * HUGE_PAGE;
    Native.adviseHugePages(first, bytes);
    return whole.asSlice(first - address, bytes);
  }

  /** The C library's functions; looked up when the first large block is wanted. */
  private static final class Native {

    private static final MethodHandle MMAP =
        function(
            "mmap",
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG));

    private static final MethodHandle MUNMAP =
        function(
            "munmap",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    private static final MethodHandle MADVISE =
        function(
            "madvise",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT));

    @SuppressWarnings("restricted") // the descriptors are those of the C library
    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), descriptor);
    }

    static long map(long bytes) {
      try {
        return (long) MMAP.invokeExact(0L, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      } catch (Throwable e) {
        throw new IllegalStateException(e); // a C function throws nothing
      }
    }

    static void unmap(long address, long bytes) {
      try {
        int _ = (int) MUNMAP.invokeExact(address, bytes);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }

    /** A kernel without huge pages refuses; small ones do as well. */
    static void adviseHugePages(long address, long bytes) {
      try {
        int _ = (int) MADVISE.invokeExact(address, bytes, MADV_HUGEPAGE);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
