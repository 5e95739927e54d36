"""Models: what is learned of instruments from recordings whose stems are known, in a folder.

`config` is what a user chooses, `folder` what the folder holds, `sources` what there is to hear in
a data set, `hearing` how notes of it become a lesson, `training` the learning, `validation` what
the model is measured by.
"""

from musisep._util.lazy import attach

TYPE_CHECKING = False  # typing would take longer than all else that is imported here
if TYPE_CHECKING:
    from musisep.models.config import ModelConfig, edit_config, read_config
    from musisep.models.folder import Model
    from musisep.models.training import Trained, train

__all__ = ["Model", "ModelConfig", "Trained", "edit_config", "read_config", "train"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Model": "musisep.models.folder",
        "ModelConfig": "musisep.models.config",
        "Trained": "musisep.models.training",
        "edit_config": "musisep.models.config",
        "read_config": "musisep.models.config",
        "train": "musisep.models.training",
    },
)
