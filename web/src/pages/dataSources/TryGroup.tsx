import { Button, Flex, Item, Picker, TextField } from "@adobe/react-spectrum";
import { useState } from "react";
import { Note, Part } from "@/activities/fields/Stack";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { readJson } from "@/pages/actions/places";
import { TriedAnswer } from "@/pages/actions/TriedAnswer";
import { TriedToken } from "@/pages/actions/TriedToken";
import { Code } from "@/ui/Code";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { type DataSource, testAuthentication, tryGroup } from "./sources";

/** Asks a stored source once, now, and its token call alone. */
export function TryGroup({ source }: { source: DataSource }) {
  const t = useT();
  const mayWrite = useMay("journeys_data_sources.write");
  const [name, setName] = useState(source.fieldGroups[0]?.name ?? "");
  const [typed, setTyped] = useState<Record<string, string>>({});
  const group = source.fieldGroups.find((one) => one.name === name);
  const values = group?.dynamicValues ?? [];
  const parameters = Object.fromEntries(values.map((one) => [one, readJson(typed[one] ?? "") ?? typed[one] ?? ""]));
  const send = useAct(() => tryGroup(source.uid, name, parameters), { invalidates: [], showsError: true });
  const token = useAct(() => testAuthentication(source.uid), { invalidates: [], showsError: true });
  return (
    <Part title={t("dataSources.try.title")}>
      <Note>{t("dataSources.try.detail")}</Note>
      <Flex wrap gap="size-150" alignItems="end">
        <Picker
          label={t("dataSources.try.group")}
          items={source.fieldGroups.map((one) => ({ id: one.name }))}
          selectedKey={name || null}
          onSelectionChange={(key) => setName(String(key))}
        >
          {(item) => <Item>{item.id}</Item>}
        </Picker>
        {values.map((value) => (
          <TextField
            key={value}
            label={value}
            value={typed[value] ?? ""}
            onChange={(text) => setTyped({ ...typed, [value]: text })}
          />
        ))}
        <Button
          variant="secondary"
          isDisabled={!mayWrite || group === undefined}
          isPending={send.isPending}
          onPress={() => send.mutate()}
        >
          {t("dataSources.try.send")}
        </Button>
        <Button variant="secondary" isDisabled={!mayWrite} isPending={token.isPending} onPress={() => token.mutate()}>
          {t("dataSources.try.token")}
        </Button>
      </Flex>
      <div aria-live="polite">
        {token.data && !token.isPending && <TriedToken tried={token.data} />}
        {token.error && <ErrorNotice error={token.error} />}
        {send.error && <ErrorNotice error={send.error} />}
        {send.data && (
          <>
            <h3>{t("dataSources.try.read")}</h3>
            <Code value={JSON.stringify(send.data.data, null, 2)} label={t("dataSources.try.read")} />
            <TriedAnswer tried={send.data} />
          </>
        )}
      </div>
    </Part>
  );
}
