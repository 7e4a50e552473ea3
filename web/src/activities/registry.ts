import type { NodeType } from "@/flow/document";
import { audienceQualification } from "./audienceQualification/audienceQualification";
import { businessEvent } from "./businessEvent/businessEvent";
import { condition } from "./condition/condition";
import { customAction } from "./customAction/customAction";
import { datasetLookup } from "./datasetLookup/datasetLookup";
import { end } from "./end/end";
import { event } from "./event/event";
import { jump } from "./jump/jump";
import type { ActivityKind } from "./kind";
import { message } from "./message/message";
import { optimize } from "./optimize/optimize";
import { reaction } from "./reaction/reaction";
import { readAudience } from "./readAudience/readAudience";
import { updateProfile } from "./updateProfile/updateProfile";
import { wait } from "./wait/wait";

/** Every kind of activity, in the order of the palette. */
export const KINDS: Record<NodeType, ActivityKind> = {
  event,
  businessEvent,
  audienceQualification,
  reaction,
  readAudience,
  condition,
  wait,
  optimize,
  datasetLookup,
  message,
  customAction,
  updateProfile,
  jump,
  end,
};
