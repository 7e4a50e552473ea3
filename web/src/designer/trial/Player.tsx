import { ActionButton, Slider } from "@adobe/react-spectrum";
import Pause from "@spectrum-icons/workflow/Pause";
import Play from "@spectrum-icons/workflow/Play";
import { useEffect, useMemo, useState } from "react";
import { FormattedDate, FormattedNumber, useIntl } from "react-intl";
import type { JourneyDocument } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { useOverlay } from "../overlay";
import { OneWay } from "./OneWay";
import { type Outcome, replayLayer, replayOf, type TrialCustomer } from "./replay";
import styles from "./Trial.module.css";
import { wayLayer } from "./wayLayer";

const STEPS = 300;
const TICK_MS = 60;
const SHOWN = 50;

/** A simulation under a clock that can be turned: customers stand on the canvas where the moment finds them. */
export function Player({ document, outcome }: { document: JourneyDocument; outcome: Outcome }) {
  const t = useT();
  const { formatNumber } = useIntl();
  const focus = useOverlay((state) => state.focus);
  const replay = useMemo(() => replayOf(document, outcome), [document, outcome]);
  const [tick, setTick] = useState(STEPS);
  const [isPlaying, setPlaying] = useState(false);
  const [chosen, setChosen] = useState<TrialCustomer | null>(null);
  const atMs = replay.startMs + ((replay.endMs - replay.startMs) * tick) / STEPS;
  const date = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;

  useEffect(() => {
    if (!isPlaying) return;
    const timer = setInterval(() => setTick((now) => Math.min(STEPS, now + 1)), TICK_MS);
    return () => clearInterval(timer);
  }, [isPlaying]);
  useEffect(() => {
    if (tick === STEPS) setPlaying(false);
  }, [tick]);
  useEffect(() => {
    focus(chosen === null ? replayLayer(replay, atMs, formatNumber) : wayLayer(document, chosen.steps, chosen.nodeId));
  }, [replay, atMs, chosen, document, focus, formatNumber]);
  useEffect(() => () => focus(null), [focus]);

  const play = () => {
    if (!isPlaying && tick === STEPS) setTick(0);
    setChosen(null);
    setPlaying(!isPlaying);
  };
  const states = Object.entries(outcome.ended);
  return (
    <section aria-label={t("trial.result")}>
      <div className={styles.totals} data-testid="trial-totals">
        <span>
          <strong>
            <FormattedNumber value={outcome.entered} />
          </strong>{" "}
          {t("trial.entered")}
        </span>
        {states.map(([state, count]) => (
          <span key={state}>
            <strong>
              <FormattedNumber value={count} />
            </strong>{" "}
            <span className={styles.state}>{t(`live.status.${state}`)}</span>
          </span>
        ))}
        {Object.entries(outcome.refused).map(([reason, count]) => (
          <span key={reason}>
            <strong>
              <FormattedNumber value={count} />
            </strong>{" "}
            {t("trial.refused", { reason })}
          </span>
        ))}
      </div>
      <div className={styles.player}>
        <ActionButton onPress={play} aria-label={t(isPlaying ? "trial.pause" : "trial.play")}>
          {isPlaying ? <Pause /> : <Play />}
        </ActionButton>
        <Slider
          label={t("trial.time")}
          showValueLabel={false}
          minValue={0}
          maxValue={STEPS}
          value={tick}
          onChange={(value) => {
            setChosen(null);
            setTick(value);
          }}
          flex
        />
      </div>
      <p className={styles.clock}>
        <FormattedDate value={atMs} {...date} />
      </p>
      {outcome.customerCount > outcome.customers.length && (
        <p className={styles.clock}>
          {t("trial.some", { shown: outcome.customers.length, count: outcome.customerCount })}
        </p>
      )}
      <ul className={styles.list} aria-label={t("trial.customers.list")}>
        {outcome.customers.slice(0, SHOWN).map((customer) => (
          <li key={customer.key}>
            <button
              type="button"
              aria-pressed={chosen === customer}
              onClick={() => {
                setPlaying(false);
                setChosen(chosen === customer ? null : customer);
              }}
            >
              <span>{customer.key}</span>
              <span>
                {customer.state === "refused" ? t("trial.state.refused") : t(`live.status.${customer.state}`)}
              </span>
            </button>
            {chosen === customer && <OneWay document={document} customer={customer} />}
          </li>
        ))}
      </ul>
    </section>
  );
}
