package pbb.engine.graph;

/** What a tensor is for, and with it how long it lives. */
public enum Role {
  /** Written by the host before a run. */
  INPUT,
  /** A weight that training changes. */
  PARAMETER,
  /** The gradient of a parameter; survives a run, so that several runs can add to it. */
  GRADIENT,
  /** What must survive from run to run beside the weights: optimizer moments, key-value caches. */
  STATE,
  /** Read by the host after a run. */
  OUTPUT,
  /** Lives within one run of one graph; its memory is shared with others when it is dead. */
  ACTIVATION;

  /** Whether the tensor's values survive a run and are shared by all graphs of a program. */
  public boolean persistent() {
    return this != ACTIVATION;
  }
}
