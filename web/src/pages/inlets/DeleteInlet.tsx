import { Button } from "@adobe/react-spectrum";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { useAct } from "@/ui/useAct";
import { deleteInlet, type Flow, type Inlet } from "./flows";

/** Deletes an inlet with its flows, having asked. */
export function DeleteInlet({ inlet, flows }: { inlet: Inlet; flows: readonly Flow[] }) {
  const t = useT();
  const navigate = useNavigate();
  const may = useMay("sources.delete");
  const [isAsked, setAsked] = useState(false);
  const queries = useQueryClient();
  const remove = useAct(
    async () => {
      if (await deleteInlet(inlet, flows)) return;
      void queries.invalidateQueries({ queryKey: ["inlets"] });
      throw new Error(t("inlets.delete.more"));
    },
    { invalidates: [["inlets"]], done: t("inlets.deleted"), onDone: () => void navigate({ to: "/inlets" }) },
  );
  if (!may) return null;
  return (
    <>
      <Button variant="negative" isPending={remove.isPending} onPress={() => setAsked(true)}>
        {t("common.delete")}
      </Button>
      <Asked
        isOpen={isAsked}
        title={t("inlets.delete.title", { name: inlet.name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("inlets.delete.detail", { count: flows.length })}
      </Asked>
    </>
  );
}
