import { useEffect } from "react";
import { useIntl } from "react-intl";
import type { JourneyDocument } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { useOverlay } from "../overlay";
import { type Counters, overlayOf } from "./counters";

/** Draw counters on the canvas while they are there. */
export function useLiveOverlay(counters: Counters | null, document: JourneyDocument): void {
  const t = useT();
  const { formatNumber } = useIntl();
  const show = useOverlay((state) => state.show);
  const clear = useOverlay((state) => state.clear);
  useEffect(() => {
    if (counters !== null)
      show(overlayOf(counters, document, formatNumber, (value) => t("live.here", { count: value })));
  }, [counters, document, formatNumber, t, show]);
  useEffect(() => clear, [clear]);
}
