import { ActionButton, Button, Flex, SearchField, Text } from "@adobe/react-spectrum";
import Properties from "@spectrum-icons/workflow/Properties";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { NodeId } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Time } from "@/ui/Time";
import panel from "../Panel.module.css";
import { PanelHead } from "../PanelHead";
import { instancesQuery } from "./instances";
import { OnePerson } from "./OnePerson";
import styles from "./People.module.css";

interface Props {
  versionUid: string;
  /** Whose customers are listed; null: everyone who is or was in the version. */
  nodeId: NodeId | null;
  title: string;
  onClose: () => void;
  /** Shows the activity's settings. */
  onSettings: (() => void) | null;
}

/** Who stands at an activity; one of them opened shows the way they took. */
export function PeoplePanel({ versionUid, nodeId, title, onClose, onSettings }: Props) {
  const t = useT();
  const [opened, setOpened] = useState<string | null>(null);
  const [key, setKey] = useState("");
  const [isEveryone, setEveryone] = useState(nodeId === null);
  const people = useInfiniteQuery(instancesQuery(versionUid, isEveryone ? null : nodeId, key));
  const found = people.data?.pages.flatMap((page) => page.results) ?? [];
  if (opened !== null) return <OnePerson id={opened} onBack={() => setOpened(null)} onClose={onClose} />;
  return (
    <aside className={panel.panel} aria-label={title}>
      <PanelHead title={title} onClose={onClose}>
        {onSettings !== null && (
          <ActionButton isQuiet onPress={onSettings} aria-label={t("live.settings")}>
            <Properties />
          </ActionButton>
        )}
      </PanelHead>
      {nodeId !== null && (
        <Flex gap="size-100" marginY="size-100">
          <Button variant="secondary" style={isEveryone ? "outline" : "fill"} onPress={() => setEveryone(false)}>
            {t("live.people.here")}
          </Button>
          <Button variant="secondary" style={isEveryone ? "fill" : "outline"} onPress={() => setEveryone(true)}>
            {t("live.people.all")}
          </Button>
        </Flex>
      )}
      <SearchField
        label={t("live.people.search")}
        description={t("live.people.search.detail")}
        onSubmit={setKey}
        onClear={() => setKey("")}
        width="100%"
      />
      {people.error !== null && <ErrorNotice error={people.error} onRetry={() => void people.refetch()} />}
      {people.isPending && <Loading />}
      {people.isSuccess && found.length === 0 && (
        <Text>{t(isEveryone ? "live.people.none" : "live.people.noneHere")}</Text>
      )}
      <ul className={styles.people}>
        {found.map((one) => (
          <li key={one.id}>
            <button type="button" onClick={() => setOpened(one.id)}>
              <strong>{one.key}</strong>
              <span>
                {t(`live.status.${one.status}`)} · <Time value={one.enteredAtUs / 1000} />
              </span>
            </button>
          </li>
        ))}
      </ul>
      {people.hasNextPage && (
        <Button variant="secondary" isPending={people.isFetchingNextPage} onPress={() => void people.fetchNextPage()}>
          {t("live.people.more")}
        </Button>
      )}
    </aside>
  );
}
