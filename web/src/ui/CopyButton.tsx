import { ActionButton, Text, Tooltip, TooltipTrigger } from "@adobe/react-spectrum";
import Checkmark from "@spectrum-icons/workflow/Checkmark";
import Copy from "@spectrum-icons/workflow/Copy";
import { useState } from "react";
import { useT } from "@/i18n/useT";

/** Puts a text on the clipboard, and says so. */
export function CopyButton({ text, label, isQuiet = true }: { text: string; label?: string; isQuiet?: boolean }) {
  const t = useT();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  const name = isCopied ? t("common.copied") : (label ?? t("common.copy"));
  return (
    <TooltipTrigger>
      <ActionButton isQuiet={isQuiet} onPress={copy} aria-label={name}>
        {isCopied ? <Checkmark /> : <Copy />}
        {label !== undefined && <Text>{name}</Text>}
      </ActionButton>
      <Tooltip>{name}</Tooltip>
    </TooltipTrigger>
  );
}
