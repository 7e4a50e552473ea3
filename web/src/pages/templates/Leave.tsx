import { useBlocker } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";

/** Asks before a page is left on which something is typed and not saved. */
export function Leave({ isDirty }: { isDirty: boolean }) {
  const t = useT();
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => isDirty && current.pathname !== next.pathname,
    enableBeforeUnload: () => isDirty,
    withResolver: true,
  });
  return (
    <Asked
      isOpen={blocker.status === "blocked"}
      title={t("templates.leave.title")}
      confirm={t("templates.leave.act")}
      onConfirm={() => blocker.proceed?.()}
      // A dialog closes before it acts; staying must not be said before leaving is.
      onClose={() => queueMicrotask(() => blocker.reset?.())}
    >
      {t("templates.leave.detail")}
    </Asked>
  );
}
