import { useT } from "@/i18n/useT";
import { ACTIONS, ASSET_TYPES, wordId } from "./audit";

/** The words of the log in the language in use; one that isn't known stays as it is. */
export function useWords() {
  const t = useT();
  return {
    actionName: (action: string) => (ACTIONS.includes(action) ? t(`audit.action.${wordId(action)}`) : action),
    assetName: (type: string) => (ASSET_TYPES.includes(type) ? t(`audit.asset.${wordId(type)}`) : type),
  };
}
