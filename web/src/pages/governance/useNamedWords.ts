import { useT } from "@/i18n/useT";
import type { Collection, Named } from "./governance";

/** What labels and marketing actions are called: core ones in the language of the designer. */
export function useNamedWords() {
  const t = useT();
  const title = (collection: Collection, { name, isCore, friendlyName }: Named): string => {
    if (isCore) return collection === "labels" ? t(`governance.label.${name}`) : t(`governance.action.${name}`);
    return friendlyName === undefined || friendlyName === name ? "" : friendlyName;
  };
  return {
    title,
    /** `C1 – No export to third parties`. */
    of: (collection: Collection, one: Named): string =>
      [one.name, title(collection, one)].filter((text) => text !== "").join(" – "),
  };
}
