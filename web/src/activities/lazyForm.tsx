import { type ComponentType, lazy, Suspense } from "react";
import { Loading } from "@/ui/Loading";
import type { FormProps } from "./kind";

/** A form whose code is loaded when the first activity of its kind is opened. */
export function lazyForm(load: () => Promise<ComponentType<FormProps>>): ComponentType<FormProps> {
  const Lazy = lazy(async () => ({ default: await load() }));
  // biome-ignore lint/correctness/noComponentHookFactories: called once for each module, never while rendering
  return function LazyForm(props: FormProps) {
    return (
      <Suspense fallback={<Loading />}>
        <Lazy {...props} />
      </Suspense>
    );
  };
}
