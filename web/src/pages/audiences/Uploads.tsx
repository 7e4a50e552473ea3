import { Flex } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Light } from "@/ui/Light";
import { Loading } from "@/ui/Loading";
import { shortName } from "@/ui/shortName";
import { Time } from "@/ui/Time";
import { type Upload, uploadsQuery } from "./audiences";

const TONES = {
  NEW: "neutral",
  QUEUED: "info",
  PROCESSING: "info",
  SUCCEEDED: "positive",
  FAILED: "negative",
  CANCELLED: "neutral",
} as const;
const NUMBERS = ["rows", "realized", "exited", "badRows"] as const;

/** The lists that were uploaded, the latest first, and what became of them. */
export function Uploads({ id }: { id: string }) {
  const t = useT();
  const uploads = useQuery(uploadsQuery(id));
  if (uploads.error) return <ErrorNotice error={uploads.error} onRetry={() => void uploads.refetch()} />;
  if (uploads.data === undefined) return <Loading />;
  if (uploads.data.length === 0) return <p>{t("audiences.uploads.none")}</p>;
  return (
    <FigureTable
      stacks
      caption={t("audiences.uploads")}
      columns={[
        { id: "at", name: t("audiences.upload.at"), isText: true },
        { id: "mode", name: t("audiences.mode"), isText: true },
        { id: "status", name: t("audiences.upload.status"), isText: true },
        ...NUMBERS.map((one) => ({ id: one, name: t(`audiences.upload.${one}`) })),
        { id: "why", name: t("audiences.upload.why"), isText: true },
      ]}
      rows={uploads.data.map((one) => ({
        id: one.id,
        cells: {
          at: (
            <Flex direction="column">
              {one.createdAt !== undefined && <Time value={one.createdAt} />}
              <small>{shortName(one.createdBy)}</small>
            </Flex>
          ),
          mode: t(`audiences.mode.${one.mode}`),
          status: <Light tone={TONES[one.status]}>{t(`audiences.upload.status.${one.status}`)}</Light>,
          rows: one.metrics.rows,
          realized: one.metrics.realized,
          exited: one.metrics.exited,
          badRows: one.badRows.length,
          why: whyOf(one) || "–",
        },
      }))}
    />
  );
}

/** Why it failed, or why its first bad row was passed over. */
function whyOf({ reason, badRows: [bad] }: Upload): string {
  return reason ?? (bad === undefined ? "" : `${bad.line}: ${bad.reason}`);
}
