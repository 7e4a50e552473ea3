import { type ComponentType, lazy } from "react";
import type { FormProps } from "./kind";

/** A form whose code is loaded when the first activity of its kind is opened; who shows it waits for that. */
export const lazyForm = (load: () => Promise<ComponentType<FormProps>>): ComponentType<FormProps> =>
  lazy(async () => ({ default: await load() }));
