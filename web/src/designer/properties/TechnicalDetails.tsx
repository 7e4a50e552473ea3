import { LabeledValue } from "@adobe/react-spectrum";
import { useIntl } from "react-intl";
import { useT } from "@/i18n/useT";
import { CopyButton } from "@/ui/CopyButton";
import { useDraft } from "../draftContext";
import type { JourneyVersion } from "../version";
import { MAX_BYTES, sizeOf, technicalDetails } from "./technicalDetails";

/** How large the document is, and what support asks for. */
export function TechnicalDetails({ version }: { version: JourneyVersion }) {
  const t = useT();
  const { formatNumber } = useIntl();
  const document = useDraft((draft) => draft.document);
  const size = sizeOf(document);
  const bytes = (count: number) =>
    formatNumber(count / 1_000, { style: "unit", unit: "kilobyte", maximumFractionDigits: 1 });
  return (
    <>
      <LabeledValue
        label={t("designer.properties.size")}
        value={t("designer.properties.size.of", { size: bytes(size), most: bytes(MAX_BYTES) })}
      />
      <CopyButton text={technicalDetails(version)} label={t("designer.properties.copyDetails")} isQuiet={false} />
    </>
  );
}
