import { useCallback } from "react";
import { useT } from "@/i18n/useT";
import { plainFault, settingOf } from "./plainFault";

/**
 * What is wrong, as a sentence in the reader's language where the server's check of documents tells it in its own.
 * path: where in a journey; such a sentence then names the setting, which it says nothing of.
 */
export function useFaultText(): (message: string, path?: string) => string {
  const t = useT();
  return useCallback(
    (message, path) => {
      const plain = plainFault(message);
      if (plain === null) return message;
      const value = t(`common.fault.${plain.id}`, plain.values);
      const name = settingOf(path);
      return name === null ? value : t("common.named", { name, value });
    },
    [t],
  );
}
