package pbb.task;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Which side of the split an execution is on. */
public enum Split {
  /** May stand in a training document. */
  @JsonProperty("train")
  TRAIN,
  /** Stands in no training document, in any form. */
  @JsonProperty("eval")
  EVAL
}
