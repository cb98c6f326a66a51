"""TensorFlow: one graph that holds the whole loop, compiled by XLA."""

import tensorflow as tf

from peers.task import Advance, Array, Record, Task

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


def prepare(task: Task) -> Advance:
    """Return what loops further. Each number of iterations is compiled when first asked for."""
    points, *parameters = task.start()
    X, y = tf.constant(points), tf.constant(task.labels)
    weights, biases = ([tf.Variable(p) for p in part] for part in parameters)
    f = tf.sigmoid if task.activation == "sigmoid" else tf.nn.relu
    step, reg = task.step_size, task.regularization

    def data_loss() -> tf.Tensor:
        h = X
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            h = f(h @ W + b)
        scores = h @ weights[-1] + biases[-1]
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, scores))

    def iterate() -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = data_loss()
        dW, db = tape.gradient(loss, [weights, biases])
        loss += 0.5 * reg * tf.add_n([tf.reduce_sum(W * W) for W in weights])
        sums = tf.stack([tf.reduce_sum(tf.abs(d)) for d in dW])
        for W, d in zip(weights, dW, strict=True):
            W.assign_sub(step * (d + reg * W))
        for b, d in zip(biases, db, strict=True):
            b.assign_sub(step * d)
        return loss, sums

    def loop(iterations: int) -> tuple[tf.Tensor, tf.Tensor]:
        losses = tf.TensorArray(X.dtype, iterations, element_shape=())
        sums = tf.TensorArray(X.dtype, iterations, element_shape=(len(weights),))
        for i in tf.range(iterations):
            loss, row = iterate()
            losses, sums = losses.write(i, loss), sums.write(i, row)
        return losses.stack(), sums.stack()

    compiled = tf.function(loop, jit_compile=True)

    def advance(iterations: int) -> Record:
        losses, sums = compiled(iterations)
        found: tuple[Array, Array] = losses.numpy(), sums.numpy()
        return Record(*found)

    return advance
