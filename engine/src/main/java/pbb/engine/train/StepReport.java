package pbb.engine.train;

/**
 * What a training step did.
 *
 * @param step how many steps are done, this one counted
 * @param loss the mean loss of its targets by their weights before the update, in nats
 * @param gradientNorm the norm of all gradients together before the clip
 * @param learningRate the learning rate that it used
 * @param tokens how many tokens were read, padding not counted
 * @param targets how many of them had a target of weight above 0
 */
public record StepReport(
    long step, double loss, double gradientNorm, double learningRate, long tokens, long targets) {}
