package pbb.engine.backend;

/**
 * An op that runs elsewhere than on the device: its inputs are copied to the host, it is computed
 * there, and its outputs are copied back.
 *
 * @param graph the graph that it belongs to
 * @param op its name
 * @param reason why the device refused it
 * @param bytesPerRun what is copied in a run of the graph, all layers counted
 */
public record Placement(String graph, String op, String reason, long bytesPerRun) {}
