import { ActionButton, Flex, Item, Menu, MenuTrigger, Text, Tooltip, TooltipTrigger } from "@adobe/react-spectrum";
import Test from "@spectrum-icons/workflow/Beaker";
import Comment from "@spectrum-icons/workflow/Comment";
import Organize from "@spectrum-icons/workflow/GraphPathing";
import Backtest from "@spectrum-icons/workflow/History";
import More from "@spectrum-icons/workflow/More";
import People from "@spectrum-icons/workflow/PeopleGroup";
import Simulate from "@spectrum-icons/workflow/PlayCircle";
import Properties from "@spectrum-icons/workflow/Properties";
import Redo from "@spectrum-icons/workflow/Redo";
import Undo from "@spectrum-icons/workflow/Undo";
import { Link } from "@tanstack/react-router";
import type { ComponentType, ReactNode } from "react";
import type { Fault } from "@/api/error";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { useDraft, useDraftStore } from "./draftContext";
import { SaveStatus } from "./SaveStatus";
import { StatusBadge } from "./StatusBadge";
import styles from "./Toolbar.module.css";
import { hasPeople, type JourneyVersion } from "./version";

interface Props {
  version: JourneyVersion;
  faults: readonly Fault[];
  isChecked: boolean;
  onSave: () => void;
  onTidy: () => void;
  onComment: () => void;
  onPanel: (
    panel: "properties" | "faults" | "people" | "simulate" | "backtest" | "test" | "dryRun" | "approval",
  ) => void;
  onMore: (act: "source" | "keys" | "duplicate" | "newVersion" | "export" | "fragment") => void;
  /** Publish, test, pause … */
  children: ReactNode;
}

/** What is done with the version as a whole. */
export function Toolbar({ version, faults, isChecked, onSave, onTidy, onComment, onPanel, onMore, children }: Props) {
  const t = useT();
  const store = useDraftStore();
  const isReadOnly = useDraft((draft) => draft.isReadOnly);
  const canUndo = useDraft((draft) => draft.past.length > 0);
  const canRedo = useDraft((draft) => draft.future.length > 0);
  const name = useDraft((draft) => draft.document.name);
  const hasSelection = useDraft((draft) => draft.selected.size > 0);
  const mayWrite = useMay("journeys.write");
  const errors = faults.filter((fault) => fault.severity !== "warning").length;
  const verdict = !isChecked ? "checking" : errors > 0 ? "errors" : faults.length > 0 ? "warnings" : "good";
  return (
    <header className={styles.toolbar}>
      <div className={styles.name}>
        <Link to="/journeys" className={styles.back}>
          {t("designer.back")}
        </Link>
        <h1 title={name}>{name}</h1>
        <Text UNSAFE_className={styles.version}>{t("designer.version", { number: version.version })}</Text>
        <StatusBadge status={version.status} />
        <SaveStatus onRetry={onSave} />
      </div>
      <Flex alignItems="center" gap="size-75" wrap>
        {!isReadOnly && (
          <>
            <Tool
              icon={Undo}
              label={t("designer.undo")}
              isDisabled={!canUndo}
              onPress={() => store.getState().undo()}
            />
            <Tool
              icon={Redo}
              label={t("designer.redo")}
              isDisabled={!canRedo}
              onPress={() => store.getState().redo()}
            />
            <Tool icon={Organize} label={t("designer.tidy")} onPress={onTidy} />
            <Tool icon={Comment} label={t("designer.comment.add")} onPress={onComment} />
          </>
        )}
        {hasPeople(version.status) && <Tool icon={People} label={t("live.people")} onPress={() => onPanel("people")} />}
        {(version.status === "Draft" || version.status === "Testing") && (
          <Tool icon={Test} label={t("trial.test")} onPress={() => onPanel("test")} />
        )}
        <Tool icon={Simulate} label={t("trial.simulate")} onPress={() => onPanel("simulate")} />
        <Tool icon={Backtest} label={t("trial.backtest")} onPress={() => onPanel("backtest")} />
        <Tool icon={Properties} label={t("designer.properties")} onPress={() => onPanel("properties")} />
        <button type="button" className={styles.verdict} data-verdict={verdict} onClick={() => onPanel("faults")}>
          {t(`designer.verdict.${verdict}`, { count: verdict === "errors" ? errors : faults.length })}
        </button>
        {children}
        <MenuTrigger>
          <ActionButton isQuiet aria-label={t("designer.more")}>
            <More />
          </ActionButton>
          <Menu
            disabledKeys={[
              ...(["Draft", "Dry Run"].includes(version.status) ? [] : ["dryRun"]),
              ...(hasSelection && mayWrite ? [] : ["fragment"]),
            ]}
            onAction={(key) =>
              key === "dryRun" || key === "approval" ? onPanel(key) : onMore(key as Parameters<typeof onMore>[0])
            }
          >
            <Item key="dryRun">{t("trial.dryRun")}</Item>
            <Item key="approval">{t("approvals.panel")}</Item>
            <Item key="fragment">{t("fragments.save")}</Item>
            <Item key="newVersion">{t("designer.newVersion")}</Item>
            <Item key="duplicate">{t("designer.duplicate")}</Item>
            <Item key="source">{t("designer.source")}</Item>
            <Item key="export">{t("designer.export")}</Item>
            <Item key="keys">{t("designer.keys")}</Item>
          </Menu>
        </MenuTrigger>
      </Flex>
    </header>
  );
}

interface ToolProps {
  icon: ComponentType;
  label: string;
  isDisabled?: boolean;
  onPress: () => void;
}

function Tool({ icon: Icon, label, isDisabled, onPress }: ToolProps) {
  return (
    <TooltipTrigger>
      <ActionButton isQuiet aria-label={label} isDisabled={isDisabled} onPress={onPress}>
        <Icon />
      </ActionButton>
      <Tooltip>{label}</Tooltip>
    </TooltipTrigger>
  );
}
