// A stack viewport over the images that /list names: left drag is the window, the wheel is the image.
import { Enums, RenderingEngine, init } from '@cornerstonejs/core';
import * as imageLoader from '@cornerstonejs/dicom-image-loader';
import { Enums as ToolEnums, StackScrollTool, ToolGroupManager, WindowLevelTool, addTool, init as initTools } from '@cornerstonejs/tools';

const onCpu = new URLSearchParams(location.search).get('cpu') === '1';
const element = document.getElementById('viewport');
await init(onCpu ? { rendering: { useCPURendering: true } } : {});
imageLoader.init({ maxWebWorkers: 2 });
initTools();
const names = await (await fetch('/list')).json();
const engine = new RenderingEngine('engine');
engine.enableElement({ viewportId: 'viewport', type: Enums.ViewportType.STACK, element });
const viewport = engine.getViewport('viewport');
addTool(WindowLevelTool);
addTool(StackScrollTool);
const tools = ToolGroupManager.createToolGroup('tools');
for (const [tool, mouseButton] of [[WindowLevelTool, 'Primary'], [StackScrollTool, 'Wheel']]) {
  tools.addTool(tool.toolName);
  tools.setToolActive(tool.toolName, { bindings: [{ mouseButton: ToolEnums.MouseBindings[mouseButton] }] });
}
tools.addViewport('viewport', 'engine');
await viewport.setStack(names.map((name) => `wadouri:${location.origin}/images/${name}`), 0);
viewport.setProperties({ voiRange: { lower: 0, upper: 4095 } });
viewport.render();
