"""The keys of release.yaml, waivers.yaml and suites/*.yaml, with their types.

Text comes in here; frozen values go out of `load`.
"""

from harness.config.schema.baselines import BaselineFile, RemoteModelFile
from harness.config.schema.candidate import CandidateFile, ExperimentFile, ExperimentsFile, TrackFile, TrainFile
from harness.config.schema.gates import GateFile, PolicyFile, RulesFile, WaiverFile, WaiversFile
from harness.config.schema.launchers import LauncherFile
from harness.config.schema.release import MeasureFile, ReleaseFile
from harness.config.schema.report import PriceFile, PricesFile, ReportFile
from harness.config.schema.route import CanaryFile, RouteFile
from harness.config.schema.serve import LocalFile, OpenaiFile, RemoteFile, ServeFile
from harness.config.schema.servers import (
    InferenceEndpointFile,
    KubernetesFile,
    TgiDockerFile,
    TgiProcessFile,
    VllmFile,
)
from harness.config.schema.suites import GenerationFile, PromptFile, SuiteFile, TaskFile
from harness.config.schema.types import NAME

__all__ = [
    "NAME",
    "BaselineFile",
    "CanaryFile",
    "CandidateFile",
    "ExperimentFile",
    "ExperimentsFile",
    "GateFile",
    "GenerationFile",
    "InferenceEndpointFile",
    "KubernetesFile",
    "LauncherFile",
    "LocalFile",
    "MeasureFile",
    "OpenaiFile",
    "PolicyFile",
    "PriceFile",
    "PricesFile",
    "PromptFile",
    "ReleaseFile",
    "RemoteFile",
    "RemoteModelFile",
    "ReportFile",
    "RouteFile",
    "RulesFile",
    "ServeFile",
    "SuiteFile",
    "TaskFile",
    "TgiDockerFile",
    "TgiProcessFile",
    "TrackFile",
    "TrainFile",
    "VllmFile",
    "WaiverFile",
    "WaiversFile",
]
