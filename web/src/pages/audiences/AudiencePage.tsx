import { Button, FileTrigger, Flex, Heading, Item, Picker } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Facts } from "@/ui/Facts";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { useAct } from "@/ui/useAct";
import { AudienceFields } from "./AudienceFields";
import { audiencesQuery, deleteAudience, MODES, type Mode, upload } from "./audiences";
import { Members } from "./Members";
import { Uploads } from "./Uploads";

/** One audience: its members, and lists to upload. */
export function AudiencePage() {
  const t = useT();
  const { id } = useParams({ from: "/shell/audiences/$id" });
  const navigate = useNavigate();
  const audiences = useQuery(audiencesQuery);
  const search = useSearch({ from: "/shell/audiences/$id" });
  const [mode, setMode] = useState<Mode>("replace");
  const [isAsked, setAsked] = useState(false);
  const [mayWrite, mayDelete] = [useMay("segments.write"), useMay("segments.delete")];
  const send = useAct((file: File) => upload(id, file, mode), {
    invalidates: [["audiences"]],
    done: t("audiences.uploaded"),
    showsError: true,
  });
  const remove = useAct(() => deleteAudience(id), {
    invalidates: [["audiences", "list"]],
    done: t("audiences.deleted"),
    showsError: true,
    onDone: () => void navigate({ to: "/audiences" }),
  });
  if (audiences.isPending) return <Loading />;
  const one = audiences.data?.find((known) => known.id === id);
  if (one === undefined) {
    return audiences.error ? (
      <ErrorNotice error={audiences.error} />
    ) : (
      <Empty isMissing title={t("audiences.missing")} detail={t("audiences.missing.detail")} />
    );
  }
  const error = send.error ?? remove.error;
  return (
    <Page
      title={one.name}
      description={<PageLink to="/audiences">{t("audiences.title")}</PageLink>}
      actions={
        <Button variant="negative" isDisabled={!mayDelete} onPress={() => setAsked(true)}>
          {t("common.delete")}
        </Button>
      }
    >
      {error && <ErrorNotice error={error} />}
      <Facts
        facts={[
          [t("audiences.namespace"), one.identityNamespace ?? "–"],
          [t("audiences.count"), one.metrics?.totalProfiles ?? 0],
          [t("audiences.usedIn"), one.usedIn ?? 0],
        ]}
      />
      <Flex wrap gap="size-150" alignItems="end" marginTop="size-200">
        <Picker
          label={t("audiences.mode")}
          items={MODES.map((key) => ({ id: key, name: t(`audiences.mode.${key}`) }))}
          selectedKey={mode}
          onSelectionChange={(key) => setMode(MODES.find((known) => known === key) ?? "replace")}
          width="size-3400"
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
        <FileTrigger
          acceptedFileTypes={[".csv", ".json", ".jsonl", ".ndjson"]}
          onSelect={(files) => {
            const file = files?.[0];
            if (file !== undefined) send.mutate(file);
          }}
        >
          <Button variant="accent" isDisabled={!mayWrite} isPending={send.isPending}>
            {t("audiences.upload")}
          </Button>
        </FileTrigger>
      </Flex>
      <Heading level={2}>{t("audiences.members")}</Heading>
      <Members id={id} search={search} />
      <Heading level={2}>{t("audiences.fields")}</Heading>
      <AudienceFields audience={one} isReadOnly={!mayWrite} />
      <Heading level={2}>{t("audiences.uploads")}</Heading>
      <Uploads id={id} />
      <Asked
        isOpen={isAsked}
        title={t("audiences.delete.title", { name: one.name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("audiences.delete.detail")}
      </Asked>
    </Page>
  );
}
