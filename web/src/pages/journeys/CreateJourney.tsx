import { DialogContainer } from "@adobe/react-spectrum";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { versionPath } from "./addresses";
import { BlankDialog } from "./BlankDialog";
import { ImportDialog } from "./ImportDialog";
import type { JourneysSearch } from "./journeysSearch";
import { TemplateDialog } from "./TemplateDialog";

interface Props {
  way: JourneysSearch["create"];
  template: string | undefined;
  onChoose: (template: string | undefined) => void;
  onClose: () => void;
}

/** The three ways to a new journey; each ends in the designer. */
export default function CreateJourney({ way, template, onChoose, onClose }: Props) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const open = (uid: string, versionUid: string) => {
    void queries.invalidateQueries({ queryKey: ["journeys"] });
    void navigate({ to: versionPath(uid, versionUid) });
  };
  return (
    <DialogContainer onDismiss={onClose}>
      {way === "blank" ? (
        <BlankDialog onCreated={open} onClose={onClose} />
      ) : way === "template" ? (
        <TemplateDialog chosen={template} onChoose={onChoose} onCreated={open} onClose={onClose} />
      ) : way === "import" ? (
        <ImportDialog onCreated={open} onClose={onClose} />
      ) : null}
    </DialogContainer>
  );
}
