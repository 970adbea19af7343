/**
 * What is trained in which order and shares: from a task's data to an endless stream of documents.
 */
@NullMarked
package pbb.curriculum;

import org.jspecify.annotations.NullMarked;
