import { Button, Link } from "@adobe/react-spectrum";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { Note, Stack } from "../fields/Stack";

/** Lets journeys look up rows of a data set, by its schema's primary identity. */
export function EnableLookup({ id, name }: { id: string; name: string }) {
  const t = useT();
  const mayWrite = useMay("datasets.write");
  const enable = useAct(() => call("PATCH", `/data/core/entity/lookup/dataSets/${encodeURIComponent(id)}/enable`), {
    invalidates: [["references", "dataSets"], ["datasets"]],
    done: t("activities.datasetLookup.enabled", { name }),
    showsError: true,
  });
  return (
    <Stack>
      {mayWrite ? (
        <Button variant="secondary" isPending={enable.isPending} onPress={() => enable.mutate()}>
          {t("activities.datasetLookup.enable")}
        </Button>
      ) : (
        <Note>{t("activities.datasetLookup.mayNot")}</Note>
      )}
      {enable.error && <ErrorNotice error={enable.error} />}
      <Note>
        {t("activities.datasetLookup.enable.help")}{" "}
        <Link href={`/datasets/${id}`} target="_blank">
          {t("activities.reference.open", { name })}
        </Link>
      </Note>
    </Stack>
  );
}
