package pbb.lang;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A list, with Python's reference semantics: while a program runs, whoever holds it sees it change.
 * Only the interpreter changes lists, and only those of the run: a run copies its arguments, and
 * hands its result out when it is over.
 */
public final class ListValue implements Value {

  private final ArrayList<Value> elements;

  /** A list of its own with these elements. */
  public ListValue(List<? extends Value> elements) {
    this.elements = new ArrayList<>(elements);
  }

  /** The elements, read-only. */
  public List<Value> elements() {
    return Collections.unmodifiableList(elements);
  }

  public int size() {
    return elements.size();
  }

  Value get(int index) {
    return elements.get(index);
  }

  void set(int index, Value value) {
    elements.set(index, value);
  }

  void add(Value value) {
    elements.add(value);
  }

  void addAll(List<Value> values) {
    elements.addAll(values);
  }

  Value remove(int index) {
    return elements.remove(index);
  }

  void clear() {
    elements.clear();
  }

  /**
   * A copy that shares no list with this one; lists that occur twice, or in themselves, do so in
   * the copy.
   */
  ListValue deepCopy() {
    IdentityHashMap<ListValue, ListValue> copies = new IdentityHashMap<>();
    List<ListValue> open = new ArrayList<>();
    ListValue copy = copyOnce(this, copies, open);
    while (!open.isEmpty()) {
      ListValue next = open.removeLast();
      for (int i = 0; i < next.size(); i++) {
        if (next.get(i) instanceof ListValue inner) {
          next.set(i, copyOnce(inner, copies, open));
        }
      }
    }
    return copy;
  }

  private static ListValue copyOnce(
      ListValue original, IdentityHashMap<ListValue, ListValue> copies, List<ListValue> open) {
    ListValue known = copies.get(original);
    if (known != null) {
      return known;
    }
    ListValue copy = new ListValue(original.elements);
    copies.put(original, copy);
    open.add(copy);
    return copy;
  }

  @Override
  public String type() {
    return "list";
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ListValue that && elements.equals(that.elements);
  }

  @Override
  public int hashCode() {
    return elements.hashCode();
  }

  /** As Python prints it; a list inside itself reads {@code [...]}. */
  @Override
  public String toString() {
    StringBuilder out = new StringBuilder();
    write(out, Collections.newSetFromMap(new IdentityHashMap<>()));
    return out.toString();
  }

  private void write(StringBuilder out, Set<ListValue> open) {
    if (!open.add(this)) {
      out.append("[...]");
      return;
    }
    out.append('[');
    for (int i = 0; i < elements.size(); i++) {
      out.append(i == 0 ? "" : ", ");
      if (elements.get(i) instanceof ListValue inner) {
        inner.write(out, open);
      } else {
        out.append(elements.get(i).repr());
      }
    }
    out.append(']');
    open.remove(this);
  }
}
