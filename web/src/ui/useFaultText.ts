import { useCallback } from "react";
import { useT } from "@/i18n/useT";
import { plainFault } from "./plainFault";

/** What is wrong, as a sentence in the reader's language where the server's check of documents tells it in its own. */
export function useFaultText(): (message: string) => string {
  const t = useT();
  return useCallback(
    (message) => {
      const plain = plainFault(message);
      return plain === null ? message : t(`common.fault.${plain.id}`, plain.values);
    },
    [t],
  );
}
