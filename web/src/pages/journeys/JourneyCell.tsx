import { useQuery } from "@tanstack/react-query";
import { FormattedNumber } from "react-intl";
import { useT } from "@/i18n/useT";
import { PageLink } from "@/ui/PageLink";
import { Sparkline } from "@/ui/Sparkline";
import { shortName } from "@/ui/shortName";
import { Time } from "@/ui/Time";
import type { ColumnId } from "./columns";
import styles from "./JourneyCell.module.css";
import { JourneyStatus } from "./JourneyStatus";
import type { JourneyRow } from "./journey";
import { countsQuery, insideOf } from "./queries";

interface Props {
  row: JourneyRow;
  column: ColumnId;
  /** Entrances of the last day, as the overview has them. */
  entered: number;
}

/** What one column of the list shows of a journey. */
export function JourneyCell({ row, column, entered }: Props) {
  const t = useT();
  switch (column) {
    case "status":
      return <JourneyStatus status={(row.live ?? row.latest).status} />;
    case "version":
      return <VersionCell row={row} />;
    case "entry":
      return row.entryType === null ? "–" : t(`journeys.entry.${row.entryType}`);
    case "lastModifiedAt":
      return <Moment at={row.modifiedAt} by={row.modifiedBy} />;
    case "createdAt":
      return <Moment at={row.createdAt} by={row.createdBy} />;
    case "published":
      return <Moment at={row.publishedAt} by={row.publishedBy} />;
    case "entrances":
      return <Entrances row={row} entered={entered} />;
    case "inside":
      return <Inside row={row} />;
  }
}

function Moment({ at, by }: { at: string | null; by: string }) {
  if (at === null) return "–";
  return (
    <div className={styles.name}>
      <Time value={at} />
      <span className={styles.description} title={by}>
        {shortName(by)}
      </span>
    </div>
  );
}

/** The live version, and the draft that stands beside it. */
function VersionCell({ row }: { row: JourneyRow }) {
  const t = useT();
  const shown = row.live ?? row.latest;
  return (
    <div className={styles.name}>
      <PageLink to="/journeys/$uid" params={{ uid: row.uid }}>
        {shown.version}
      </PageLink>
      {row.live !== null && row.live.uid !== row.latest.uid && (
        <span className={styles.description}>{t("journeys.alsoDraft", { version: row.latest.version })}</span>
      )}
    </div>
  );
}

function Entrances({ row, entered }: { row: JourneyRow; entered: number }) {
  const t = useT();
  const total = row.entered ?? entered;
  const label = t("journeys.entrances", { count: total });
  return (
    <div className={styles.entrances}>
      {row.entrances !== null && total > 0 && <Sparkline values={row.entrances} label={label} />}
      <span>
        <FormattedNumber value={total} />
      </span>
    </div>
  );
}

/** Who is inside the live version now. */
function Inside({ row }: { row: JourneyRow }) {
  const counts = useQuery({ ...countsQuery(row.live?.uid ?? ""), enabled: row.live !== null });
  return counts.data === undefined ? "–" : <FormattedNumber value={insideOf(counts.data)} />;
}
