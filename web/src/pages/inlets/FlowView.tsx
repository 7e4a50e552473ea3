import { Button, DialogContainer, Flex, Heading, Switch } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { PageLink } from "@/ui/PageLink";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { EditMapping } from "./EditMapping";
import { type Flow, mappingQuery, runsQuery, switchFlow } from "./flows";

/** A flow with its mapping and what it did lately. */
export function FlowView({ flow }: { flow: Flow }) {
  const t = useT();
  const may = useMay("sources.write");
  const runs = useQuery(runsQuery(flow.id));
  const mappingId = flow.transformations?.[0]?.params.mappingId;
  const mapping = useQuery({ ...mappingQuery(mappingId ?? ""), enabled: mappingId !== undefined });
  const [isEdited, setEdited] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const turn = useAct(() => switchFlow(flow), { invalidates: [["inlets"]], done: t("inlets.saved") });
  return (
    <section aria-label={flow.name}>
      <Flex wrap alignItems="center" gap="size-200" marginTop="size-200">
        <Heading level={2}>{t("inlets.flow", { name: flow.name })}</Heading>
        <Switch
          isSelected={flow.state === "enabled"}
          isDisabled={!may || turn.isPending}
          onChange={(isOn) => (isOn ? turn.mutate() : setAsked(true))}
        >
          {t("inlets.enabled")}
        </Switch>
        <PageLink to="/operations" search={{ tab: "failed", flow: flow.id }}>
          {t("inlets.failedRecords")}
        </PageLink>
      </Flex>
      {runs.error && <ErrorNotice error={runs.error} />}
      <FigureTable
        stacks
        caption={t("inlets.runs")}
        columns={[
          { id: "at", name: t("inlets.run"), isText: true },
          { id: "in", name: t("inlets.received") },
          { id: "out", name: t("inlets.landed") },
          { id: "failed", name: t("inlets.failed") },
        ]}
        rows={(runs.data ?? []).map((one) => ({
          id: one.id,
          cells: {
            at: <Time value={one.createdAt} />,
            in: one.metrics.recordSummary.inputRecordCount,
            out: one.metrics.recordSummary.outputRecordCount,
            failed: one.metrics.recordSummary.failedRecordCount,
          },
        }))}
      />
      {mapping.error && <ErrorNotice error={mapping.error} />}
      {mapping.data && (
        <>
          <Flex wrap alignItems="center" justifyContent="space-between" columnGap="size-200" marginY="size-200">
            <Heading level={3} margin={0}>
              {t("inlets.mapping")}
            </Heading>
            {may && (
              <Button variant="secondary" onPress={() => setEdited(true)}>
                {t("inlets.mapping.edit")}
              </Button>
            )}
          </Flex>
          <FigureTable
            stacks
            caption={t("inlets.mapping")}
            columns={[
              { id: "destination", name: t("inlets.destination"), isText: true },
              { id: "source", name: t("inlets.source"), isText: true },
            ]}
            rows={mapping.data.mappings.map((one) => ({
              id: one.id,
              cells: { destination: one.destination, source: one.source },
            }))}
          />
          <DialogContainer onDismiss={() => setEdited(false)}>
            {isEdited && <EditMapping flow={flow} mapping={mapping.data} onClose={() => setEdited(false)} />}
          </DialogContainer>
        </>
      )}
      <Asked
        isOpen={isAsked}
        title={t("inlets.disable.title", { name: flow.name })}
        confirm={t("inlets.disable")}
        onConfirm={() => turn.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("inlets.disable.detail")}
      </Asked>
    </section>
  );
}
