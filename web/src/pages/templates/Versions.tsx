import { Button, ButtonGroup, Content, Dialog, DialogContainer, Divider, Heading } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { useAct } from "@/ui/useAct";
import { CompareVersions } from "./CompareVersions";
import { SourceField } from "./SourceField";
import { restoreVersion, type Stored, type Template, versionQuery, versionsQuery } from "./templates";

/** Numbers of versions; the two last where they are left out. */
export interface Compared {
  from?: number;
  to?: number;
}

interface Props {
  uid: string;
  isDirty: boolean;
  compared: Compared;
  onCompare: (from: number, to: number) => void;
  onRestored: (answer: Stored<Template>) => void;
}

const COLUMNS = ["version", "name", "published", "act"] as const;

/** A template's history, the latest first. */
export function Versions({ uid, isDirty, compared, onCompare, onRestored }: Props) {
  const t = useT();
  const mayWrite = useMay("messages.write");
  const versions = useQuery(versionsQuery(uid));
  const [asked, setAsked] = useState<number | null>(null);
  const [shown, setShown] = useState<number | null>(null);
  const restore = useAct((version: number) => restoreVersion(uid, version), {
    invalidates: [
      ["templates", "list"],
      ["templates", "versions"],
    ],
    done: t("templates.done.restored"),
    onDone: onRestored,
  });
  if (versions.error) return <ErrorNotice error={versions.error} onRetry={() => void versions.refetch()} />;
  if (versions.data === undefined) return <Loading />;
  const [latest, earlier] = versions.data.map((one) => one.version);
  return (
    <>
      <FigureTable
        stacks
        caption={t("templates.tab.versions")}
        columns={COLUMNS.map((id) => ({ id, name: t(`templates.version.${id}`), isText: true }))}
        rows={versions.data.map((one) => ({
          id: String(one.version),
          cells: {
            version: one.version,
            name: one.name,
            published: one.isPublication ? t("templates.version.isPublication") : "–",
            act: (
              <ButtonGroup>
                <Button
                  variant="secondary"
                  onPress={() => setShown(one.version)}
                  aria-label={t("templates.version.showOne", { version: one.version })}
                >
                  {t("templates.version.show")}
                </Button>
                {mayWrite && one.version !== latest && (
                  <Button
                    variant="secondary"
                    onPress={() => setAsked(one.version)}
                    aria-label={t("templates.version.restoreOne", { version: one.version })}
                  >
                    {t("templates.version.restore")}
                  </Button>
                )}
              </ButtonGroup>
            ),
          },
        }))}
      />
      {latest !== undefined && earlier !== undefined && (
        <CompareVersions
          uid={uid}
          versions={versions.data}
          from={compared.from ?? earlier}
          to={compared.to ?? latest}
          onChange={onCompare}
        />
      )}
      <DialogContainer onDismiss={() => setShown(null)}>
        {shown !== null && <VersionDialog uid={uid} version={shown} onClose={() => setShown(null)} />}
      </DialogContainer>
      <Asked
        isOpen={asked !== null}
        title={t("templates.restore.title", { version: asked ?? 0 })}
        confirm={t("templates.version.restore")}
        isDestructive={isDirty}
        onConfirm={() => asked !== null && restore.mutate(asked)}
        onClose={() => setAsked(null)}
      >
        {t(isDirty ? "templates.restore.unsaved" : "templates.restore.detail")}
      </Asked>
    </>
  );
}

function VersionDialog({ uid, version, onClose }: { uid: string; version: number; onClose: () => void }) {
  const t = useT();
  const { data, error } = useQuery(versionQuery(uid, version));
  const name = t("templates.version.one", { version });
  const source = data?.content.mjml ?? data?.content.html ?? data?.content.text ?? data?.content.body ?? "";
  return (
    <Dialog size="L">
      <Heading>{name}</Heading>
      <Divider />
      <Content>
        {error && <ErrorNotice error={error} />}
        {data !== undefined && (
          <>
            <p>
              <strong>{data.content.subject ?? data.content.title ?? data.name}</strong>
            </p>
            <SourceField label={name} value={source} onChange={() => undefined} language="html" isReadOnly />
          </>
        )}
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.close")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
