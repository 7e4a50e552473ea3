import { Button, Item, Picker, Radio, RadioGroup } from "@adobe/react-spectrum";
import { useState } from "react";
import { useIntl } from "react-intl";
import type { JourneyDocument } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { type BacktestCustomer, type BacktestOutcome, KINDS, type Kind } from "./backtest";
import { OneWay } from "./OneWay";
import styles from "./Trial.module.css";

/** Whose way is shown, and which of the two. */
export interface Chosen {
  customer: BacktestCustomer;
  side: "draft" | "live";
}

interface Props {
  document: JourneyDocument;
  outcome: BacktestOutcome;
  chosen: Chosen | null;
  onChoose: (chosen: Chosen | null) => void;
}

const PAGE = 25;

/** Who would have entered or did enter, those who differ first; one chosen shows the way on the canvas. */
export function BacktestCustomers({ document, outcome, chosen, onChoose }: Props) {
  const t = useT();
  const { formatNumber } = useIntl();
  const [kind, setKind] = useState<Kind | "all">("all");
  const [count, setCount] = useState(PAGE);
  const { customers, customerCount, summary } = outcome;
  if (customerCount === 0) return <p>{t("trial.backtest.nobody")}</p>;
  const found = customers.filter((customer) => kind === "all" || customer.kind === kind);
  const sides = (["draft", "live"] as const).filter((side) => chosen?.customer[side] !== undefined);
  const words = (one: Kind | "all", number: number) => `${t(`trial.backtest.kind.${one}`)} (${formatNumber(number)})`;
  return (
    <>
      <Picker
        label={t("trial.backtest.show")}
        selectedKey={kind}
        onSelectionChange={(key) => {
          setKind(KINDS.find((one) => one === key) ?? "all");
          setCount(PAGE);
          onChoose(null);
        }}
        width="100%"
      >
        {[
          <Item key="all">{words("all", customerCount)}</Item>,
          ...KINDS.map((one) => <Item key={one}>{words(one, summary.differences[one])}</Item>),
        ]}
      </Picker>
      {customerCount > customers.length && (
        <p className={styles.clock}>{t("trial.some", { shown: customers.length, count: customerCount })}</p>
      )}
      <ul className={styles.list} aria-label={t("trial.backtest.customers")}>
        {found.slice(0, count).map((customer) => {
          const isChosen = chosen?.customer === customer;
          const run = isChosen ? customer[chosen.side] : undefined;
          const side = customer.draft === undefined ? "live" : "draft";
          return (
            <li key={`${customer.key} ${customer.draft?.enteredAt ?? customer.live?.enteredAt}`}>
              <button
                type="button"
                aria-pressed={isChosen}
                onClick={() => onChoose(isChosen ? null : { customer, side })}
              >
                <span>{customer.key}</span>
                <span>{t(`trial.backtest.kind.${customer.kind}`)}</span>
              </button>
              {isChosen && sides.length > 1 && (
                <RadioGroup
                  aria-label={t("trial.backtest.side")}
                  orientation="horizontal"
                  value={chosen.side}
                  onChange={(one) => onChoose({ customer, side: one === "live" ? "live" : "draft" })}
                >
                  {sides.map((one) => (
                    <Radio key={one} value={one}>
                      {t(`trial.backtest.side.${one}`)}
                    </Radio>
                  ))}
                </RadioGroup>
              )}
              {run !== undefined && <OneWay document={document} customer={{ steps: run.steps, refused: [] }} />}
            </li>
          );
        })}
      </ul>
      {found.length > count && (
        <Button variant="secondary" onPress={() => setCount(count + PAGE)}>
          {t("live.people.more")}
        </Button>
      )}
    </>
  );
}
