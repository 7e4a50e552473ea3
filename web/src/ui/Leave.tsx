import { useBlocker } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { Asked } from "./Asked";

interface Props {
  /** Whether something is changed and not saved; a function where that is not known before it is asked. */
  isDirty: boolean | (() => boolean);
  /** Tried first, such as to save what waits. */
  before?: () => Promise<unknown>;
}

/** Asks before a page is left on which something is changed and not saved. Leave with `ignoreBlocker` once it is. */
export function Leave({ isDirty, before }: Props) {
  const t = useT();
  const isUnsaved = typeof isDirty === "function" ? isDirty : () => isDirty;
  const blocker = useBlocker({
    shouldBlockFn: async ({ current, next }) => {
      if (current.pathname === next.pathname) return false; // another tab, another panel
      await before?.();
      return isUnsaved();
    },
    enableBeforeUnload: isUnsaved,
    withResolver: true,
  });
  return (
    <Asked
      isOpen={blocker.status === "blocked"}
      title={t("common.leave.title")}
      confirm={t("common.leave.act")}
      onConfirm={() => blocker.proceed?.()}
      // A dialog closes before it acts; staying must not be said before leaving is.
      onClose={() => queueMicrotask(() => blocker.reset?.())}
    >
      {t("common.leave.detail")}
    </Asked>
  );
}
